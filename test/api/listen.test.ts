/** Commands, answers and events come by NOTIFY: whoever only looked would wait a minute here. */
import { randomUUID } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { follow as look } from '../../src/ingests/follow.ts'
import { createLog } from '../../src/log.ts'
import { openDb } from '../../src/postgres/db.ts'
import { enterIngest, enterPhase } from '../../src/postgres/ledger/ingests.ts'
import { Listener } from '../../src/postgres/listener.ts'
import { channels, mayTell } from '../../src/postgres/notify.ts'
import { OwnSession } from '../../src/postgres/ownSession.ts'
import { fullSpec } from '../../src/spec/spec.ts'
import { createCommandHandler } from '../../src/worker/commands.ts'
import { QueueWorkers } from '../../src/worker/queueWorkers.ts'
import { startReports } from '../../src/worker/report.ts'
import { Shutdown } from '../../src/worker/shutdown.ts'
import { Tasks } from '../../src/worker/tasks.ts'
import { build, until } from '../harness.ts'
import { openPooler } from '../ingest/pooler.ts'
import { askAt, listen } from './server.ts'

const lookMs = 60_000
const harness = await build()
const log = createLog('error', 'json')
const own = (name: string, at = harness.databaseUrl) => openDb(at, { max: 1, name })
const listener = new Listener(own('test listen'), [channels.ingests, channels.answers], log)
const url = await listen(harness, { listener, lookMs })
const ask = askAt(url)
afterAll(() => listener.close())

const listening = () => until(() => listener.isListening, { what: 'the session that listens' })

async function sessions(): Promise<number[]> {
  const { rows } = await harness.db.query(
    `select pid from pg_stat_activity
     where datname = current_database() and application_name = 'test listen'`,
  )
  return rows.map(({ pid }) => pid)
}

async function entered(): Promise<string> {
  const ingestId = randomUUID()
  const source = { kind: 'upload' as const, uploads: ['u'] }
  const spec = fullSpec({ source, target: { table: 't' } })
  await enterIngest(harness.db, { ingestId, spec, target: 'public.t' })
  return ingestId
}

/** Follows an ingest. @returns what the stream has said so far */
async function follow(ingestId: string, signal: AbortSignal) {
  const answer = await fetch(`${url}/v1/ingests/${ingestId}/events`, { signal })
  const stream = { text: '' }
  const decoder = new TextDecoder()
  const read = async () => {
    for await (const bytes of answer.body as unknown as AsyncIterable<Uint8Array>) {
      stream.text += decoder.decode(bytes, { stream: true })
    }
  }
  read().catch(() => {})
  await until(() => stream.text.includes('"queued"'), { what: 'the first event' })
  return stream
}

/** Enters a phase at a moment when it may be told. */
async function enter(ingestId: string, phase: 'list' | 'stage'): Promise<void> {
  await harness.db.query('select pg_sleep(0.1)')
  await enterPhase(harness.db, ingestId, phase)
}

const soon = { timeoutMs: 20_000 }

test('a worker hears a command, and the API its answer', async () => {
  await listening()
  const instance = randomUUID()
  const shutdown = new Shutdown({ log, graceMs: 1000 })
  const queueWorkers = new QueueWorkers({
    server: { address: harness.temporalAddress, namespace: 'default' } as never,
    concurrency: 2,
    autoscale: null,
    common: { workflows: {}, activities: () => ({}) },
  })
  let wake = () => {}
  const session = new OwnSession(own('test worker'), {
    channels: [channels.commands],
    onNotified: (_, told) => {
      if (told === instance) wake()
    },
  })
  const onCommand = createCommandHandler({ queueWorkers, shutdown, log, onChange: () => {} })
  const who = { instance, worker: 'hears', app: null, steps: [] }
  const reports = await startReports(session, who, {
    ...{ queueWorkers, tasks: new Tasks(), shutdown, onCommand, log },
    findDead: async () => Number.POSITIVE_INFINITY,
    everyMs: lookMs,
    memoryBytesMax: undefined,
  })
  wake = reports.wake
  for (const concurrency of [8, 3]) {
    const command = { kind: 'concurrency', concurrency }
    // Both would look again after a minute; the caller has no patience for that.
    const told = await ask('POST', '/v1/workers/hears/commands?timeout=20', command)
    expect([told.status, told.body.message]).toEqual([200, `activities at once: ${concurrency}`])
  }
  await reports.stop()
  await session.close()
})

test('a change is told to those who follow, and the end to all of them: one session for 100', async () => {
  await listening()
  const ingestId = await entered()
  const gone = new AbortController()
  const streams = await Promise.all(
    Array.from({ length: 100 }, () => follow(ingestId, gone.signal)),
  )
  expect(listener.hearers).toBe(100)
  expect(await sessions()).toHaveLength(1)
  await enter(ingestId, 'list')
  const areTold = () => streams.every(({ text }) => text.includes('"phase":"list"'))
  await until(areTold, { what: 'the phase', ...soon })
  // Whoever goes away is forgotten.
  gone.abort()
  await until(() => listener.hearers === 0, { what: 'nobody who listens', ...soon })
})

test('a session that was ended is opened again; what was said meanwhile is seen', async () => {
  await listening()
  const ingestId = await entered()
  const gone = new AbortController()
  const stream = await follow(ingestId, gone.signal)
  const [before] = await sessions()
  await harness.db.query('select pg_terminate_backend($1)', [before])
  await enter(ingestId, 'list')
  await until(() => stream.text.includes('"phase":"list"'), { what: 'the phase', ...soon })
  await listening()
  const after = await sessions()
  expect([after.length, after.includes(before as number)]).toEqual([1, false])
  await enter(ingestId, 'stage')
  await until(() => stream.text.includes('"phase":"stage"'), { what: 'the next one', ...soon })
  gone.abort()
})

test('a ledger that tells without a pause is not read at each word of it', async () => {
  await listening()
  const ingestId = await entered()
  const gone = new AbortController()
  const { db, client: temporal, stage } = harness
  const deps = { db, temporal, stage, listener, lookMs, log, attributes: true }
  const given = {
    ...deps,
    uiUrl: null,
    namespace: 'default',
    settings: { routes: [], timeouts: {} },
  }
  let looks = 0
  const count = async () => {
    for await (const _ of look(given, ingestId, gone.signal)) looks++
  }
  const counted = count()
  const startMs = performance.now()
  let words = 0
  while (performance.now() - startMs < 500) {
    await db.query('select pg_notify($1, $2)', [channels.ingests, ingestId])
    words++
  }
  gone.abort()
  await counted
  const mostMs = performance.now() - startMs
  expect(words).toBeGreaterThan(looks)
  expect(looks).toBeGreaterThan(1)
  // Some in a row at first, one in 50 ms from then on.
  expect(looks).toBeLessThan(mostMs / 50 + 6)
})

test('the end of a small ingest is told to those who follow it, and to those who wait for it', async () => {
  await listening()
  await harness.startWorker()
  const path = await harness.file('told.csv', 'a\n1\n')
  const from = { source: { kind: 'directory', path }, queue: harness.queue }
  const id = `${harness.queue}-told`
  const posted = await ask('POST', '/v1/ingests', { ...from, id, target: { table: 'told' } })
  expect(posted.status).toBe(202)
  const answer = await fetch(`${url}/v1/ingests/${id}/events`, {
    signal: AbortSignal.timeout(soon.timeoutMs),
  })
  expect(await answer.text()).toContain('event: end')
  const waited = { ...from, target: { table: 'waited' } }
  const { status, body } = await ask('POST', '/v1/ingests?wait=60s', waited)
  expect([status, body.state]).toEqual([200, 'completed'])
}, 30_000)

test('a wait leaves nothing behind at a signal that outlives it', async () => {
  const { signal } = new AbortController()
  const heard = listener.hear(channels.ingests, randomUUID())
  for (let waits = 0; waits < 3; waits++) await heard.wait(1, signal)
  heard.close()
  // Listeners, and the signals that `AbortSignal.any` makes of it: Node keeps both in sets.
  const sizes = Reflect.ownKeys(signal).map((key) => Object(Reflect.get(signal, key)).size ?? 0)
  expect(sizes.filter((size) => size > 0)).toEqual([])
})

test('behind a pooler nobody listens, and the ledger is looked at as before', async () => {
  const pooler = await openPooler(harness.databaseUrl, { sessions: 2, begin: 'select' })
  const deaf = new Listener(own('test pooled', pooler.url), [channels.ingests], log)
  const heard = deaf.hear(channels.ingests, 'any')
  await heard.wait(200, new AbortController().signal)
  expect(deaf.isListening).toBe(false)
  heard.close()
  await deaf.close()
  await pooler.close()
})

test('progress is told 20 times a second at most', () => {
  const start = performance.now() + 1000
  const told = Array.from({ length: 1000 }, (_, ms) => mayTell(start + ms)).filter(Boolean)
  expect(told).toHaveLength(20)
})
