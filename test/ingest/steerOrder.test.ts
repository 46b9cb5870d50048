/** Pauses and resumes in quick succession: each is answered, and ledger and run agree at the end. */
import type { Client } from '@temporalio/client'
import pg from 'pg'
import { expect, test } from 'vitest'
import { isOver } from '../../src/domain/words.ts'
import { viewIngest } from '../../src/postgres/ledger/views.ts'
import { ingestHash } from '../../src/postgres/names.ts'
import { askAt, listening } from '../api/server.ts'
import { build, eachVerb, until, untilIdle } from '../harness.ts'

const rows = 20

type Verb = 'pause' | 'resume'
type TearDown = (tearDown: () => Promise<void>) => void

/** A database, an API and workers for one case: the cases mostly wait, all of them together. */
async function setUp(onTestFinished: TearDown) {
  const harness = await build({ onEnd: onTestFinished })
  const { port, close } = await listening(harness)
  onTestFinished(close)
  const ask = askAt(`http://127.0.0.1:${port}`)
  const path = await harness.file(
    'rows.csv',
    `n,t\n${Array.from({ length: rows }, (_, n) => `${n},x`).join('\n')}\n`,
  )
  const source = { kind: 'directory' as const, path }
  const steer = (ingestId: string, verb: Verb) => ask('POST', `/v1/ingests/${ingestId}/${verb}`)
  const stateOf = async (ingestId: string) => (await viewIngest(harness.db, ingestId)).state

  /** Twenty in a random order, from callers that do not wait for each other. */
  async function twenty(ingestId: string) {
    const verbs = Array.from({ length: 20 }, (): Verb => (Math.random() < 0.5 ? 'pause' : 'resume'))
    return Promise.all(verbs.map(async (verb) => ({ verb, answer: await steer(ingestId, verb) })))
  }

  /** What the ledger says is what the run does: it stands still, or it goes on to its end. */
  async function agree(ingestId: string): Promise<void> {
    await untilIdleOrOver(harness.client, ingestId)
    if ((await stateOf(ingestId)) === 'paused') {
      await untilIdle(harness.client, ingestId)
      const answer = await steer(ingestId, 'resume')
      expect([answer.status, answer.body.holds]).toEqual([200, true])
    }
    expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed', rowsLoaded: rows })
  }

  /** Whether a verb waits for a lock. */
  async function waits(): Promise<boolean> {
    const { rowCount } = await harness.db.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
       and application_name like 'sluice/%'`,
    )
    return rowCount !== 0
  }

  async function activitiesOf(ingestId: string): Promise<string[]> {
    const { events } = await harness.client.workflow.getHandle(ingestId).fetchHistory()
    return (events ?? []).flatMap(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? [],
    )
  }
  return { harness, source, steer, stateOf, twenty, agree, waits, activitiesOf }
}

async function untilIdleOrOver(client: Client, ingestId: string): Promise<void> {
  await until(
    async () => {
      const { status, raw } = await client.workflow.getHandle(ingestId).describe()
      if (status.name !== 'RUNNING') return true
      return !raw.pendingWorkflowTask && (raw.pendingActivities ?? []).length === 0
    },
    { what: `${ingestId} to stand still or to end` },
  )
}

/** Locks that each verb waits for in the middle of its transaction. */
const locks: Record<string, (ingestId: string) => string> = {
  list: () => 'lock table sluice.files in share mode',
  plan: () => 'lock table sluice.units in share mode',
  publish: () => 'lock table target in share mode',
  sweep: (id) => `lock table sluice_landing_${ingestHash(id)} in access share mode`,
}

test.concurrent.for(Object.keys(locks))(
  '20 at once, from 20 callers, in %s',
  async (verb, { onTestFinished }) => {
    const { harness, source, twenty, agree, waits } = await setUp(onTestFinished)
    await harness.db.query('create table target (n int, t text)')
    const ingestId = `${verb}-${harness.queue}`
    const holder = new pg.Client({ connectionString: harness.databaseUrl })
    await holder.connect()
    const worker = await harness.startWorker({ concurrency: 3 })
    const lock = (locks[verb] as (id: string) => string)(ingestId)
    if (verb !== 'sweep') await holder.query(`begin; ${lock}`)
    else await holder.query('begin; lock table target in share mode')
    await harness.start({ id: ingestId, source, target: { table: 'target' } }, eachVerb)
    await until(waits, { what: `${verb} to wait`, worker })
    if (verb === 'sweep') {
      // Publish has the landing table, which the sweep drops.
      const later = new pg.Client({ connectionString: harness.databaseUrl })
      await later.connect()
      await later.query(`begin; ${lock}`)
      await holder.query('commit')
      await until(waits, { what: 'the sweep to wait', worker })
      await holder.end()
      await twenty(ingestId)
      await later.end()
    } else {
      const answers = await twenty(ingestId)
      for (const { answer } of answers) expect([200, 202]).toContain(answer.status)
      await holder.end()
    }
    await agree(ingestId)
  },
)

test.concurrent('one after the other: each answer holds in the ledger when it comes', async ({
  onTestFinished,
}) => {
  const { harness, source, steer, stateOf, agree, waits } = await setUp(onTestFinished)
  await harness.db.query('create table target (n int, t text)')
  const worker = await harness.startWorker({ concurrency: 3 })
  const holder = new pg.Client({ connectionString: harness.databaseUrl })
  await holder.connect()
  await holder.query('begin; lock table target in share mode')
  const ingestId = await harness.start({ source, target: { table: 'target' } }, eachVerb)
  await until(waits, { what: 'publish to wait', worker })
  // Publish has the ingest locked: none of them can hold before it lets go.
  const blocked = await steer(ingestId, 'pause')
  expect([blocked.status, blocked.body.holds, blocked.body.state]).toEqual([202, false, 'running'])
  await holder.end()
  await agree(ingestId)

  const next = `next-${harness.queue}`
  await harness.db.query(
    `create function slow() returns trigger language plpgsql as
       $$ begin perform pg_sleep(0.2); return new; end $$;
     create trigger slow before insert on sluice.files for each row execute function slow();
     create function hold() returns trigger language plpgsql as
       $$ begin perform pg_advisory_xact_lock(8); return new; end $$;
     create trigger hold before update on sluice.units for each row execute function hold()`,
  )
  // However long the answers take, it does not end: its load waits, with the ingest's row at hand.
  const gate = new pg.Client({ connectionString: harness.databaseUrl })
  await gate.connect()
  await gate.query('select pg_advisory_lock(8)')
  await harness.start({ id: next, source, target: { table: 'target' } }, eachVerb)
  for (const verb of ['pause', 'resume', 'pause', 'resume', 'pause'] as const) {
    const { status, body } = await steer(next, verb)
    if (status === 202) continue
    expect([verb, status, body.holds]).toEqual([verb, 200, true])
    if (verb === 'pause') expect(body.state).toBe('paused')
    else expect(body.state).not.toBe('paused')
  }
  // It stands still now: whatever came before, this word is one that holds.
  const holds = async () => (await steer(next, 'pause')).body.holds === true
  await until(holds, { what: 'a pause that holds' })
  expect(await stateOf(next)).toBe('paused')
  await gate.end()
  await agree(next)
})

test.concurrent('20 at once during a small ingest, and after its end', async ({
  onTestFinished,
}) => {
  const { harness, source, steer, twenty, agree } = await setUp(onTestFinished)
  await harness.startWorker({ concurrency: 3 })
  for (let n = 0; n < 5; n++) {
    const ingestId = await harness.start({ source, target: { table: `small${n}` } })
    for (const { answer } of await twenty(ingestId))
      expect([200, 202, 409]).toContain(answer.status)
    await agree(ingestId)
    const { status, body } = await steer(ingestId, 'pause')
    expect([status, body.code]).toEqual([409, 'ingest_ended'])
    expect(body.detail).toContain('completed')
  }
})

test.concurrent('without a worker the answer comes soon, says so, and holds from its first task on', async ({
  onTestFinished,
}) => {
  const { harness, source, steer, stateOf, twenty, agree, activitiesOf } =
    await setUp(onTestFinished)
  const ingestId = await harness.start({ source, target: { table: 'late' } })
  const answers = await twenty(ingestId)
  for (const { answer } of answers) expect([answer.status, answer.body.holds]).toEqual([202, false])
  const paused = await steer(ingestId, 'pause')
  expect([paused.status, paused.body.holds, paused.body.state]).toEqual([202, false, 'paused'])
  await harness.startWorker({ concurrency: 3 })
  await until(async () => (await activitiesOf(ingestId)).includes('markPaused'), { what: 'a mark' })
  await untilIdle(harness.client, ingestId)
  expect([await stateOf(ingestId), new Set(await activitiesOf(ingestId))]).toEqual([
    'paused',
    new Set(['markPaused']),
  ])
  await agree(ingestId)
})

test.concurrent('a worker that was killed a moment ago does not answer: the wait has an end', async ({
  onTestFinished,
}) => {
  const { harness, source, steer, agree } = await setUp(onTestFinished)
  const worker = await harness.startWorker({ concurrency: 3 })
  worker.kill('SIGKILL')
  await worker.exited
  const ingestId = await harness.start({ source, target: { table: 'dead' } })
  const startMs = performance.now()
  const { status, body } = await steer(ingestId, 'pause')
  expect([status, body.holds, body.state]).toEqual([202, false, 'paused'])
  expect(performance.now() - startMs).toBeLessThan(30_000)
  // The word that the server kept and the one that waited for an answer are the same one.
  const resumed = await steer(ingestId, 'resume')
  expect([resumed.status, isOver(resumed.body.state)]).toEqual([202, false])
  await harness.startWorker({ concurrency: 3 })
  await agree(ingestId)
})
