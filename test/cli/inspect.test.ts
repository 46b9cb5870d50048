/** `sluice inspect`, `sluice control` and `sluice queues`: what they print, and their exit codes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fakeWorker, idsCsv, show, slowTable, startNamed } from '../api/fleet.ts'
import { buildApi } from '../api/server.ts'
import { until } from '../harness.ts'
import { inProcess } from './inProcess.ts'
import { environment, program, sluice } from './sluice.ts'

const api = await buildApi()
const env = { SLUICE_API: api.url, SLUICE_HOME: join(api.folder, 'none') }
const run = (...args: string[]) => inProcess(args, env)
const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).out)
const inColour = (...args: string[]) =>
  sluice(args, { env: { ...env, NO_COLOR: '', FORCE_COLOR: '1' }, cwd: api.folder })

/** With a time limit a load is an activity of its own, however small it is. */
const timeouts = { load: '1h' }

test('without a worker it says how to start one', async () => {
  const empty = await sluice(['inspect', 'workers'], { env, cwd: api.folder })
  expect([empty.code, empty.out]).toEqual([0, expect.stringContaining('sluice worker')])
  const ping = await sluice(['inspect', 'ping'], { env, cwd: api.folder })
  expect([ping.code, ping.error]).toEqual([1, expect.stringContaining('No worker is running')])
  expect((await run('control', 'drain')).error).toContain('Start one: `sluice worker`')
  const help = await run('control', '--help')
  expect(help.out).toContain('sluice control rate-limit ingest 10/s')
  expect((await run('inspect', '--help')).out).toMatch(/registered .* what a worker can do/)
})

test('shows workers, what they can do, and what they did', async () => {
  await startNamed(api, 'w1', { concurrency: 3 })
  const { out } = await run('inspect', 'workers')
  expect(out.split('\n')[0]).toMatch(/^WORKER +STATE +QUEUES +SLOTS +CPU +MEMORY +UPTIME +HOST$/)
  expect(out).toMatch(new RegExp(`^w1 +running +${api.queue} +0 of 3 +\\d`, 'm'))
  expect(await json('inspect', 'workers')).toMatchObject({ workers: [{ worker: 'w1' }] })
  const one = await run('inspect', 'workers', 'w1')
  expect(one.out).toMatch(/^slots +0 used, 3 free, 3 in all$/m)
  expect(one.out).toMatch(/^process +\d+ on .*, Sluice \d/m)

  expect((await run('inspect', 'registered')).out).toMatch(
    /^ {2}activities +beginIngest, listSource, /m,
  )
  expect((await json('inspect', 'registered', 'w1')).workers[0].activities).toContain('loadUnit')

  const source = { kind: 'directory', path: await api.file('two.csv', 'id\n1\n2\n') }
  await api.bring({ source, target: { table: 'public.two' }, timeouts })
  await until(async () => 'sweepIngest' in (await show(api, 'w1')).totals, { what: 'the totals' })
  const stats = await run('inspect', 'stats')
  expect(stats.out).toMatch(/^w1 {2}up .*, [\d.]+ cores$/m)
  expect(stats.out).toMatch(/^ {2}loadUnit +1 +0 +0 +0 +\d/m)
  expect((await json('inspect', 'stats', 'w1')).workers[0].totals.loadUnit.succeeded).toBe(1)

  const unknown = await run('inspect', 'stats', 'nobody')
  expect([unknown.code, unknown.error]).toEqual([1, expect.stringContaining('no worker nobody')])
})

test('shows what is in hand, with the rows so far', async () => {
  expect((await run('inspect', 'active')).out).toBe('No task is in hand.\n')
  expect((await run('inspect', 'scheduled')).out).toBe('Nothing waits for another attempt.\n')
  await slowTable(api, 'public.slow')
  const source = { kind: 'directory', path: await api.file('slow.csv', idsCsv(1000)) }
  const target = { table: 'public.slow', atomic: false }
  const slow = `${api.queue}-slow`
  await api.ask('POST', '/v1/ingests', { id: slow, source, target, timeouts, queue: api.queue })
  const row = /^w1 +loadUnit +\S+-slow +unit 0 +\S+ +1 +.* s +\d+ rows, /m
  await until(async () => row.test((await run('inspect', 'active', 'w1')).out), { what: 'rows' })
  expect((await json('inspect', 'active')).tasks).toMatchObject([{ worker: 'w1', what: 'unit 0' }])
  await api.ended(slow)
})

test('pings, and changes a worker while it runs', async () => {
  const ping = await run('inspect', 'ping')
  expect([ping.code, ping.out]).toEqual([0, expect.stringMatching(/^✓ w1: pong {2}\d.*s$/m)])
  expect((await run('control', 'concurrency', '5')).out).toMatch(/^✓ w1: activities at once: 5/)
  await until(async () => (await show(api, 'w1')).slots.total === 5, { what: 'five slots' })
  const more = `${api.queue}-more`
  expect((await run('control', 'queue', 'add', `${more}:2`, 'w1')).code).toBe(0)
  const queues = async () => (await show(api, 'w1')).queues
  await until(async () => (await queues()).length === 2, { what: 'the queue' })
  expect((await queues()).find(({ queue }) => queue === more)).toMatchObject({ concurrency: 2 })
  expect((await run('control', 'queue', 'remove', more, '--worker', 'w1')).code).toBe(0)
  const again = await run('control', 'queue', 'remove', more)
  expect([again.code, again.out]).toEqual([1, expect.stringMatching(/^✗ w1: .* refused: /)])
  const { answers } = await json('control', 'queue', 'remove', more)
  expect(answers).toMatchObject([{ worker: 'w1', done: false, code: 'command_refused' }])
  expect((await run('control', 'drain')).code).toBe(0)
  await until(async () => (await show(api, 'w1')).state === 'drained', { what: 'the drain' })
  expect((await run('control', 'resume')).code).toBe(0)
})

test('limits a queue, and the target', async () => {
  const limited = await run('control', 'rate-limit', api.queue, '30/m', '--reason', 'slow disk')
  expect([limited.code, limited.out]).toEqual([0, expect.stringContaining('at most 0.5/s start')])
  expect((await run('queues', api.queue)).out).toMatch(/0\.5\/s$/m)
  expect((await run('control', 'rate-limit', api.queue, 'none')).out).toContain('no rate limit')
  expect((await run('control', 'budget', '4')).out).toContain('At most 4 units')
  expect(await json('control', 'budget')).toEqual({ unitsMax: 4 })
  expect((await run('control', 'budget', 'none')).out).toContain('No budget')
  const unknown = await run('control', 'rate-limit', 'never-heard-of', '1/s')
  expect([unknown.code, unknown.error]).toEqual([1, expect.stringContaining('sluice queues')])
})

test('a queue with work and no worker is red, and the ingest says that it waits', async () => {
  const queue = `${api.queue}-nobody`
  const id = `${api.queue}-lone`
  const path = await api.file('lone.csv', 'id\n1\n')
  const args = ['ingest', path, '--into', 'lone', '--id', id, '--queue', queue]
  expect((await run(...args, '--no-wait')).code).toBe(0)
  const served = async () => (await json('queues', queue)).workflows?.waiting === 1
  await until(served, { what: 'the backlog' })
  const { out } = await inColour('queues')
  expect(out).toContain(`\u001b[31m${queue}`)
  expect(out).toContain(`sluice worker --queue ${queue}`)
  expect(out).not.toContain(`\u001b[31m${api.queue}\u001b`)
  const waiting = `waiting for a worker on queue ${queue}`
  expect((await run('status', id)).out).toMatch(new RegExp(`^waiting +${waiting}$`, 'm'))
  const child = spawn(process.execPath, [program, ...args], {
    env: environment(env),
    cwd: api.folder,
  })
  let told = ''
  child.stdout.on('data', (chunk) => (told += chunk))
  child.stderr.on('data', (chunk) => (told += chunk))
  await until(() => told.includes(`Start one: sluice worker --queue ${queue}`), {
    what: 'the hint',
  })
  expect(told).toMatch(new RegExp(`^ +queued .* ${waiting}$`, 'm'))
  await Promise.all([once(child, 'close'), startNamed(api, 'w2', { queue })])
  expect([child.exitCode, told]).toEqual([0, expect.stringMatching(`${id} completed`)])
  await startNamed(api, 'w3', { queue: `${queue}-either` })
})

test('with several workers one is named, or all', async () => {
  const ping = await run('inspect', 'ping')
  expect(ping.out.match(/^✓ w\d: pong/gm)).toHaveLength(3)
  const unnamed = await run('control', 'concurrency', '2')
  expect([unnamed.code, unnamed.error]).toEqual([2, expect.stringContaining('w1, w2, w3')])
  expect(unnamed.error).toContain('--all')
  const all = await json('control', 'concurrency', '2', '--all')
  expect(all.answers.map(({ done }: { done: boolean }) => done)).toEqual([true, true, true])
  const both = await run('control', 'drain', 'w1', '--all')
  expect([both.code, both.error]).toEqual([2, expect.stringContaining('not both')])
  const cases: string[][] = [
    ['control', 'concurrency', '0'],
    ['control', 'rate-limit', 'q', 'fast'],
    ['control', 'budget', '-1'],
    ['control', 'queue', 'add', 'a b'],
    ['inspect', 'nonsense'],
    ['inspect', 'ping', '--timeout', '500'],
  ]
  for (const args of cases) expect([args, (await run(...args)).code]).toEqual([args, 2])
})

test('one that does not answer makes it 1, one that is gone is dim', async () => {
  const silent = await fakeWorker(api, 'silent')
  const ping = await run('inspect', 'ping', '--timeout', '1')
  expect(ping.code).toBe(1)
  expect(ping.out).toMatch(/^✗ silent: .* within 1 s: it never took it/m)
  expect(ping.out).toMatch(/^✓ w1: pong/m)
  await api.db.query(
    `update sluice.workers set seen_at = now() - interval '1 min',
    started_at = now() - interval '2 min' where instance = $1`,
    [silent],
  )
  const { out } = await inColour('inspect', 'workers')
  expect(out).toContain('\u001b[2msilent\u001b')
  expect(out).toMatch(/silent: It fell silent/)
  await api.db.query('delete from sluice.workers where instance = $1', [silent])
  const told = await run('control', 'shutdown', 'w3')
  expect([told.code, told.out]).toEqual([0, expect.stringMatching(/^✓ w3: it has left/)])
  await until(async () => (await show(api, 'w3')).state === 'gone', { what: 'the end' })
})
