/** Task queues at the API: who serves them, what waits, their limits; and the budget. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { outputOf } from '../dist.ts'
import { until } from '../harness.ts'
import { show, startNamed } from './fleet.ts'
import { buildApi } from './server.ts'
import { videoQueue } from './stepsApp.ts'

const api = await buildApi()
const app = outputOf(fileURLToPath(new URL('stepsApp.ts', import.meta.url)))

// Its row of the step stays when it is gone.
const definer = await startNamed(api, 'definer', { queue: videoQueue, args: ['--app', app] })
definer.kill('SIGTERM')
await definer.exited
await startNamed(api, 'first', { concurrency: 3 })

const queueOf = async (name: string) => (await api.ask('GET', `/v1/queues/${name}`)).body
const ingestOf = async (id: string) => (await api.ask('GET', `/v1/ingests/${id}`)).body
const csv = await api.file('ids.csv', 'id\n1\n2\n')
const source = { kind: 'directory', path: csv }
// The Temporal server has workflows of other test files, too.
const [waits, films, full] = ['waits', 'films', 'full'].map((id) => `${api.queue}-${id}`) as [
  string,
  string,
  string,
]

test('lists queues that are served, and those that something needs', async () => {
  const { queues } = (await api.ask('GET', '/v1/queues')).body
  expect(queues.map(({ queue }: { queue: string }) => queue).sort()).toEqual(
    [api.queue, videoQueue].sort(),
  )
  expect(await queueOf(api.queue)).toMatchObject({
    served: true,
    problem: null,
    workers: [{ worker: 'first', concurrency: 3, shared: false, running: 0 }],
    slots: { total: 3, running: 0 },
    ingests: 0,
    activities: { waiting: 0, oldestSeconds: 0 },
    workflows: { waiting: 0 },
    rateLimit: null,
  })
  expect(await queueOf(videoQueue)).toMatchObject({ served: false, problem: null, workers: [] })
  const unknown = await api.ask('GET', '/v1/queues/never-heard-of')
  expect([unknown.status, unknown.body.code]).toEqual([404, 'queue_unknown'])
})

test('an ingest on a queue that nobody serves says so, until somebody does', async () => {
  const queue = `${api.queue}-new`
  const spec = { id: waits, source, target: { table: 'public.waits' }, queue }
  expect((await api.ask('POST', '/v1/ingests', spec)).status).toBe(202)
  await until(async () => (await queueOf(queue)).workflows?.waiting === 1, { what: 'the backlog' })
  expect(await queueOf(queue)).toMatchObject({
    served: false,
    problem: '1 task waits and no worker serves it.',
    ingests: 1,
    workers: [],
  })
  const waiting = `waiting for a worker on queue ${queue}`
  expect(await ingestOf(waits)).toMatchObject({ state: 'queued', waiting, problem: null })

  const events = await fetch(`${api.url}/v1/ingests/${waits}/events`)
  let heard = ''
  for await (const bytes of events.body as unknown as AsyncIterable<Uint8Array>) {
    heard += Buffer.from(bytes)
    if (heard.includes(waiting)) break
  }
  const { body } = await api.ask('GET', '/metrics')
  expect(body).toContain(`sluice_queue_backlog{queue="${queue}",kind="workflow"} 1`)

  await startNamed(api, 'helper', { queue })
  expect((await ingestOf(waits)).waiting).toBeNull()
  expect(await queueOf(queue)).toMatchObject({ served: true, problem: null })
  expect((await api.ended(waits)).state).toBe('completed')
})

test('a step on a queue that nobody serves makes its ingest wait', async () => {
  const spec = { id: films, source, steps: ['thumbnail'], queue: api.queue }
  expect((await api.ask('POST', '/v1/ingests', spec)).status).toBe(202)
  const waiting = `waiting for a worker on queue ${videoQueue}`
  await until(async () => (await ingestOf(films)).waiting === waiting, { what: 'the wait' })
  await until(async () => (await queueOf(videoQueue)).activities.waiting === 1, {
    what: 'the task',
  })
  expect((await queueOf(videoQueue)).problem).toBe('1 task waits and no worker serves it.')
  expect((await queueOf(api.queue)).problem).toBeNull()
  await startNamed(api, 'films', { queue: videoQueue, args: ['--app', app] })
  expect(await show(api, 'films')).toMatchObject({ app, steps: ['thumbnail'] })
  expect((await api.ended(films)).state).toBe('completed')
})

test('a rate limit holds for all workers of the queue, until it is taken away', async () => {
  const limit = (body: object, queue = api.queue) =>
    api.ask('PUT', `/v1/queues/${queue}/rate-limit`, body)
  const timed = async (table: string) => {
    const startMs = Date.now()
    // With a time limit each verb is an activity of its own.
    const { body } = await api.bring({ source, target: { table }, timeouts: { load: '1h' } })
    expect(body.state).toBe('completed')
    return Date.now() - startMs
  }
  await timed('public.warm')
  const set = await limit({ perSecond: 0.5, reason: 'the disk is slow' })
  expect(set.status).toBe(200)
  expect(set.body.rateLimit).toEqual({
    perSecond: 0.5,
    setBy: 'api',
    reason: 'the disk is slow',
    setAt: expect.any(String),
  })
  // Six activities, of which one or two start at once.
  expect(await timed('public.limited')).toBeGreaterThan(4000)
  const taken = await limit({ perSecond: null })
  expect([taken.status, taken.body.rateLimit]).toEqual([200, null])

  for (const body of [
    {},
    { perSecond: 0 },
    { perSecond: -1 },
    { perSecond: 5e-324 },
    { perSecond: 'a' },
  ]) {
    const refused = await limit(body)
    expect([refused.status, refused.body.code]).toEqual([400, 'request_invalid'])
  }
  const unknown = await limit({ perSecond: 1 }, 'never-heard-of')
  expect([unknown.status, unknown.body.code]).toEqual([404, 'queue_unknown'])
})

test('keeps the budget', async () => {
  const read = async () => (await api.ask('GET', '/v1/budget')).body
  expect(await read()).toEqual({ unitsMax: null })
  expect((await api.ask('PUT', '/v1/budget', { unitsMax: 3 })).body).toEqual({ unitsMax: 3 })
  expect(await read()).toEqual({ unitsMax: 3 })
  for (const unitsMax of [0, 1.5, '3']) {
    expect((await api.ask('PUT', '/v1/budget', { unitsMax })).status).toBe(400)
  }
  await api.ask('PUT', '/v1/budget', { unitsMax: null })
  expect(await read()).toEqual({ unitsMax: null })
})

test('what failed and waits for its next attempt is scheduled', async () => {
  // PostgreSQL is out of room, as far as the worker can tell.
  await api.db.query('create table public.full (id bigint)')
  await api.db.query(`create function is_full() returns trigger language plpgsql
    as $$ begin raise 'no room' using errcode = '53100'; end $$`)
  await api.db.query(
    'create trigger is_full before insert on public.full for each row execute function is_full()',
  )
  const target = { table: 'public.full', atomic: false }
  const timeouts = { load: '1h' }
  await api.ask('POST', '/v1/ingests', { id: full, source, target, timeouts, queue: api.queue })
  const scheduled = async () => (await api.ask('GET', '/v1/scheduled')).body.tasks
  // Between its attempts it has a time, while one is under way it has none.
  let task: { attempt: number; nextAttemptAt: string | null } | undefined
  const waits = async () => {
    task = (await scheduled())[0]
    return (task?.attempt ?? 0) > 2 && task?.nextAttemptAt !== null
  }
  await until(waits, { what: 'the wait for the third attempt' })
  expect(task).toMatchObject({
    ingestId: full,
    activity: 'loadUnit',
    queue: api.queue,
    error: expect.stringMatching('no room'),
  })
  expect(Date.parse(task?.nextAttemptAt ?? '')).not.toBeNaN()
  expect((await ingestOf(full)).retrying).toMatchObject([{ activity: 'loadUnit' }])
  await api.db.query('drop trigger is_full on public.full')
  expect((await api.ended(full)).rowsLoaded).toBe(2)
  expect(await scheduled()).toEqual([])
})

test('metrics tell of workers and their slots', async () => {
  const gauges = async () => {
    const { body } = await api.ask('GET', '/metrics')
    return (body as string)
      .split('\n')
      .filter((line) => /^sluice_(workers|worker_slots)/.test(line))
  }
  const slots = (kind: string) => `sluice_worker_slots{queue="${api.queue}",kind="${kind}"}`
  // A worker says once a second what it has in hand.
  await until(async () => (await gauges()).includes(`${slots('used')} 0`), {
    what: 'the last task',
  })
  expect(await gauges()).toEqual(
    expect.arrayContaining([
      'sluice_workers{state="running"} 3',
      'sluice_workers{state="drained"} 0',
      `${slots('free')} 3`,
    ]),
  )
})
