/** Workers at the API: what they are, what they have in hand, and telling them something. */
import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import { until } from '../harness.ts'
import { fakeWorker, idsCsv, show, slowTable, startNamed } from './fleet.ts'
import { askAt, buildApi, listen } from './server.ts'

const api = await buildApi()
const first = await startNamed(api, 'first', { concurrency: 3 })
await startNamed(api, 'second', { concurrency: 1 })

const tell = (worker: string, command: object, timeout = 20) =>
  api.ask('POST', `/v1/workers/${worker}/commands?timeout=${timeout}`, command)
const list = async (all = false) =>
  (await api.ask('GET', `/v1/workers?all=${all}`)).body.workers as Awaited<
    ReturnType<typeof show>
  >[]
const namesOf = async (all = false) => (await list(all)).map(({ worker }) => worker)

/** An ingest whose unit takes some seconds. @returns its id */
async function startSlow(name: string, rows = 600): Promise<string> {
  await slowTable(api, `public.${name}`)
  await api.file(`${name}.csv`, idsCsv(rows))
  const source = { kind: 'directory', path: `${api.folder}/${name}.csv` }
  const target = { table: `public.${name}`, atomic: false }
  const id = `${api.queue}-${name}`
  // With a time limit its load is an activity of its own, however small it is.
  const timeouts = { load: '1h' }
  await api.ask('POST', '/v1/ingests', { id, source, target, timeouts, queue: api.queue })
  return id
}

const loading = async (ingestId: string) => {
  const { tasks } = (await api.ask('GET', '/v1/active')).body
  return tasks.find(
    (task: { ingestId: string; copied: unknown }) => task.ingestId === ingestId && task.copied,
  )
}

test('shows who they are and what they serve', async () => {
  expect(await namesOf()).toEqual(['first', 'second'])
  const worker = await show(api, 'first')
  expect(worker).toMatchObject({
    worker: 'first',
    state: 'running',
    problem: null,
    host: hostname(),
    pid: first.pid,
    version: '0.1.0',
    app: null,
    steps: [],
    activities: expect.arrayContaining(['loadUnit', 'publishIngest']),
    goneAt: null,
    queues: [{ queue: api.queue, concurrency: 3, shared: false, running: 0 }],
    slots: { total: 3, used: 0, free: 3 },
    tasks: [],
  })
  expect(worker.rssBytes).toBeGreaterThan(1e7)
  expect(await show(api, worker.instance)).toMatchObject({ worker: 'first', pid: first.pid })
  const unknown = await api.ask('GET', '/v1/workers/nobody')
  expect([unknown.status, unknown.body.code]).toEqual([404, 'worker_not_found'])
})

test('adds what Temporal has heard of them', async () => {
  const heard = async () => (await show(api, 'first')).temporal
  await until(async () => (await heard()) !== null, { what: 'the first report' })
  expect(await heard()).toEqual({
    seenAt: expect.any(String),
    slotsUsed: 0,
    slotsFree: 3,
    hostCpu: expect.any(Number),
    hostMemory: expect.any(Number),
  })
})

test('shows tasks in hand, with the rows that PostgreSQL has taken in so far', async () => {
  const id = await startSlow('seen')
  await until(async () => ((await loading(id))?.copied.rows ?? 0) > 0, { what: 'rows' })
  const task = await loading(id)
  expect(task).toMatchObject({
    host: hostname(),
    activity: 'loadUnit',
    what: 'unit 0',
    queue: api.queue,
    attempt: 1,
    seconds: expect.any(Number),
  })
  const worker = await show(api, task.worker)
  expect(worker).toMatchObject({ slots: { used: 1 }, queues: [{ running: 1 }] })
  expect(worker.tasks).toMatchObject([{ ingestId: id, task: task.task }])
  expect((await api.ended(id)).rowsLoaded).toBe(600)
  const total = (all: Awaited<ReturnType<typeof list>>) =>
    all.reduce((sum, { totals }) => sum + (totals.loadUnit?.succeeded ?? 0), 0)
  await until(async () => total(await list()) === 1, { what: 'the total' })
  const active = async () => (await api.ask('GET', '/v1/active')).body.tasks.length
  // The sweep is over in the ledger a moment before its worker says so.
  await until(async () => (await active()) === 0, { what: 'idle workers' })
})

test('a command reaches the one worker that is meant, and its answer comes back', async () => {
  const told = await tell('second', { kind: 'ping' })
  expect([told.status, told.body]).toEqual([
    200,
    {
      worker: 'second',
      instance: (await show(api, 'second')).instance,
      done: true,
      message: 'pong',
      tookMs: expect.any(Number),
    },
  ])
  const { rows } = await api.db.query(
    'select instance, taken_at is null as free from sluice.commands',
  )
  expect(rows).toEqual([{ instance: told.body.instance, free: false }])

  expect((await tell('second', { kind: 'concurrency', concurrency: 4 })).status).toBe(200)
  await until(async () => (await show(api, 'second')).slots.total === 4, { what: 'four slots' })
  expect((await show(api, 'first')).slots.total).toBe(3)

  const queue = `${api.queue}-more`
  expect((await tell('second', { kind: 'queue_add', queue, concurrency: 2 })).status).toBe(200)
  const serves = async () => (await show(api, 'second')).queues.map((each) => each.queue)
  await until(async () => (await serves()).includes(queue), { what: 'the queue' })
  expect((await show(api, 'second')).slots.total).toBe(6)
  expect((await tell('second', { kind: 'queue_remove', queue })).status).toBe(200)
  await until(async () => !(await serves()).includes(queue), { what: 'the queue to go' })

  const refused = await tell('second', { kind: 'queue_remove', queue })
  expect([refused.status, refused.body.code]).toEqual([409, 'command_refused'])
  expect(refused.body.detail).toContain(queue)
})

test('refuses what is no command', async () => {
  const cases: [object, string][] = [
    [{}, 'kind must be one of'],
    [{ kind: 'dance' }, 'kind must be one of "ping"'],
    [{ kind: 'concurrency' }, 'lacks concurrency'],
    [{ kind: 'concurrency', concurrency: 0 }, 'concurrency must be'],
    [{ kind: 'queue_add', queue: 'a b' }, 'queue does not fit'],
    [{ kind: 'ping', worker: 'x' }, 'worker is not known here'],
  ]
  for (const [command, problem] of cases) {
    const { status, body } = await tell('first', command)
    expect([status, body.code]).toEqual([400, 'request_invalid'])
    expect(body.detail).toContain(problem)
  }
  expect((await tell('first', { kind: 'ping' }, 121)).status).toBe(400)
  expect((await tell('nobody', { kind: 'ping' })).status).toBe(404)
})

test('a drained worker says so, and takes tasks again', async () => {
  expect((await tell('second', { kind: 'drain' })).status).toBe(200)
  await until(async () => (await show(api, 'second')).state === 'drained', { what: 'the drain' })
  const { body } = await api.ask('GET', `/v1/queues/${api.queue}`)
  expect(body.workers.map(({ worker }: { worker: string }) => worker)).toEqual(['first'])
  expect((await tell('second', { kind: 'resume' })).status).toBe(200)
  await until(async () => (await show(api, 'second')).state === 'running', { what: 'the resume' })
})

test('a command that is not taken in time is void; one that is taken goes on', async () => {
  const other = await startNamed(api, 'stopped', { queue: `${api.queue}-stopped` })
  other.kill('SIGSTOP')
  const late = await tell('stopped', { kind: 'drain' }, 1)
  expect([late.status, late.body.code]).toEqual([504, 'command_unanswered'])
  expect(late.body.detail).toMatch(/within 1 s: it never took it/)
  other.kill('SIGCONT')
  expect((await tell('stopped', { kind: 'ping' })).body.message).toBe('pong')
  const { rows } = await api.db.query(
    `select taken_at from sluice.commands where command = '{"kind": "drain"}' and answer is null`,
  )
  expect(rows).toEqual([{ taken_at: null }])
  expect((await show(api, 'stopped')).state).toBe('running')

  // Whoever stops waiting takes it back, too.
  other.kill('SIGSTOP')
  const impatient = new AbortController()
  const headers = { 'content-type': 'application/json' }
  const address = `${api.url}/v1/workers/stopped/commands?timeout=60`
  const body = '{"kind": "resume"}'
  const { signal } = impatient
  const asked = fetch(address, { method: 'POST', headers, body, signal }).catch(() => 'aborted')
  const voided = async () => {
    const found = await api.db.query(
      `select void_at <= now() as void from sluice.commands where command = $1
       order by command_id desc`,
      [body],
    )
    return found.rows[0]?.void
  }
  await until(async () => (await voided()) === false, { what: 'the command' })
  impatient.abort()
  expect(await asked).toBe('aborted')
  await until(voided, { what: 'the void' })
  other.kill('SIGCONT')

  const id = await startSlow('held', 500)
  await until(async () => (await loading(id)) !== undefined, { what: 'the load' })
  const { worker } = await loading(id)
  const held = await tell(worker, { kind: 'drain' }, 3)
  expect([held.status, held.body.detail]).toEqual([504, expect.stringMatching('still at it')])
  expect((await api.ended(id)).state).toBe('completed')
  expect((await tell(worker, { kind: 'resume' })).status).toBe(200)
})

test('names that are not unique, and those that went long ago', async () => {
  const twins = [await fakeWorker(api, 'twin'), await fakeWorker(api, 'twin')]
  const told = await tell('twin', { kind: 'ping' })
  expect([told.status, told.body.code]).toEqual([409, 'worker_ambiguous'])
  for (const instance of twins) expect(told.body.detail).toContain(instance)
  expect((await show(api, twins[1]!)).instance).toBe(twins[1])
  const since = `now() - interval '11 min'`
  await api.db.query(
    `update sluice.workers set seen_at = ${since}, started_at = ${since} where instance = $1`,
    [twins[0]],
  )
  expect((await show(api, 'twin')).instance).toBe(twins[1])
  const twinsIn = async (all: boolean) => (await namesOf(all)).filter((name) => name === 'twin')
  expect([(await twinsIn(false)).length, (await twinsIn(true)).length]).toEqual([1, 2])

  const old = await fakeWorker(api, 'unheard', ['q'])
  await api.db.query(`update sluice.workers set started_at = ${since} where instance = $1`, [old])
  expect((await show(api, old)).problem).toBe('Temporal has not heard of it.')
  await api.db.query('delete from sluice.workers where pid = 1')
})

// These two mostly wait: for the last report of a worker, and for a server that is not there.
test.concurrent('one that left is gone, one that was killed is gone and has a problem', async () => {
  const names = ['left', 'killed'] as const
  const [left, killed] = await Promise.all(
    names.map((name) => startNamed(api, name, { queue: `${api.queue}-${name}` })),
  )
  const heard = async () => (await show(api, 'killed')).temporal
  await until(async () => (await heard()) !== null, { what: 'the first report' })
  killed!.kill('SIGKILL')
  left!.kill('SIGTERM')
  const isGone = (name: string) => async () => (await show(api, name)).state === 'gone'
  await until(isGone('left'), { what: 'the end of one' })
  await until(isGone('killed'), { what: 'the end of the other' })
  expect(await show(api, 'left')).toMatchObject({ problem: null, goneAt: expect.any(String) })
  const { problem, goneAt, seenAt, death } = await show(api, 'killed')
  // Any worker that lives may be the one that looks first.
  const found = /ended without a word: (?!killed)\w+ found .* it had nothing in hand/
  expect([problem, goneAt]).toEqual([expect.stringMatching(found), seenAt])
  expect(death).toMatchObject({ cause: 'killed', handedOn: [] })
  expect((await list()).at(-1)!.state).toBe('gone')

  const startMs = Date.now()
  const told = await tell('killed', { kind: 'ping' })
  expect([told.status, told.body.code]).toEqual([409, 'worker_gone'])
  expect(Date.now() - startMs).toBeLessThan(2000)

  // A row that somebody keeps fresh does not make it alive.
  const looksAlive = async () => {
    await api.db.query(
      `update sluice.workers set seen_at = now(), dead_at = null, backend_pid = null
       where worker = 'killed'`,
    )
    return /Temporal has not heard of it since/.test((await show(api, 'killed')).problem ?? '')
  }
  await until(looksAlive, { what: 'the mark' })
  expect((await show(api, 'killed')).state).toBe('running')
})

test.concurrent('without Temporal the ledger still says who is there', async () => {
  const ask = askAt(await listen(api, { isTemporalAway: true }))
  const { body } = await ask('GET', '/v1/workers/first')
  expect(body).toMatchObject({ state: 'running', temporal: null, problem: null })
  const queue = (await ask('GET', `/v1/queues/${api.queue}`)).body
  expect(queue).toMatchObject({ served: true, activities: null, workflows: null })
  const limited = await ask('PUT', `/v1/queues/${api.queue}/rate-limit`, { perSecond: 1 })
  expect([limited.status, limited.body.code]).toEqual([503, 'temporal_unavailable'])
})
