/** While an ingest is paused no worker begins anything of it, and nothing is published. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { build, eachVerb, until, untilIdle } from '../harness.ts'

const harness = await build()
const files = 20
const rowsEach = 50

/** Files of different layouts, each of which is a unit. */
async function manyUnits(name: string): Promise<string> {
  const folder = join(harness.folder, name)
  await mkdir(folder)
  for (let n = 0; n < files; n++) {
    const lines = Array.from({ length: rowsEach }, (_, row) => `${n * rowsEach + row},x`)
    await writeFile(join(folder, `${n + 10}.csv`), `id,c${n}\n${lines.join('\n')}\n`)
  }
  return folder
}

const only = async (text: string, ...values: unknown[]) => {
  const { rows } = await harness.db.query(text, values)
  return rows[0]
}
const loaded = async (ingestId: string): Promise<number> =>
  (
    await only(
      'select count(*) as n from sluice.units where ingest_id = $1 and loaded_at is not null',
      ingestId,
    )
  ).n
const stateOf = async (ingestId: string) =>
  (await only('select state from sluice.ingests where ingest_id = $1', ingestId)).state

/** Whether such an activity waits for a worker, or is under way. */
async function isPending(ingestId: string, activity: string): Promise<boolean> {
  const { raw } = await harness.client.workflow.getHandle(ingestId).describe()
  return (raw.pendingActivities ?? []).some(({ activityType }) => activityType?.name === activity)
}

const held = 7_700_007

/** Once so many units are loaded the others wait, as long as somebody holds the lock. */
const holdAfter = (units: number) => `
  create or replace function hold() returns trigger language plpgsql as $$ begin
    if new.loaded_at is not null and (
      select count(*) from sluice.units where ingest_id = new.ingest_id and loaded_at is not null
    ) >= ${units} then
      perform pg_advisory_xact_lock_shared(${held});
    end if;
    return new;
  end $$;
  create or replace trigger hold before update on sluice.units
    for each row execute function hold()`

test('20 units in the window: those that no worker has begun wait, and so does publish', async () => {
  await harness.db.query(holdAfter(4))
  const holder = await harness.db.connect()
  await holder.query(`select pg_advisory_lock(${held})`)
  const worker = await harness.startWorker({ concurrency: 2 })
  const path = await manyUnits('window')
  const ingestId = await harness.start(
    { source: { kind: 'directory', path }, target: { table: 'waits' } },
    { heartbeatMs: 3000 },
  )
  await until(async () => (await loaded(ingestId)) >= 4, { what: 'four units' })
  await harness.steer(ingestId, 'pause')
  await until(() => isPending(ingestId, 'markPaused'), { what: 'the mark on its way' })
  // The two that are under way end, and the mark overtakes the others.
  await holder.query(`select pg_advisory_unlock(${held})`)
  await until(async () => (await stateOf(ingestId)) === 'paused', { what: 'the mark' })
  await untilIdle(harness.client, ingestId)
  const before = await loaded(ingestId)
  expect(before).toBeLessThanOrEqual(8)
  expect((await only("select to_regclass('waits') as t")).t).toBeNull()

  // A worker that dies meanwhile changes nothing.
  worker.kill('SIGKILL')
  await worker.exited
  const next = await harness.startWorker({ concurrency: 2 })
  // It is at work, and has had its chance.
  const another = { kind: 'directory' as const, path: await harness.file('other.csv', 'n\n1\n') }
  await harness.ingest({ source: another, target: { table: 'other' } })
  await untilIdle(harness.client, ingestId)
  expect(await loaded(ingestId)).toBe(before)

  await harness.steer(ingestId, 'resume')
  const view = await harness.ended(ingestId)
  const rows = files * rowsEach
  expect(view).toMatchObject({
    state: 'completed',
    units: files,
    rowsLoaded: rows,
    rowsRejected: 0,
  })
  expect(await only('select count(*) as rows, count(distinct id) as ids from waits')).toEqual({
    rows,
    ids: rows,
  })
  const receipts = await only(
    'select sum(rows_loaded)::int as loaded, max(attempt) as attempts from sluice.units where ingest_id = $1',
    ingestId,
  )
  expect(receipts).toEqual({ loaded: rows, attempts: 1 })
  holder.release()
  next.kill('SIGTERM')
  await next.exited
})

test('paused before the last unit ends: nothing is published until it is resumed', async () => {
  await harness.db.query(holdAfter(0))
  const holder = await harness.db.connect()
  await holder.query(`select pg_advisory_lock(${held})`)
  const worker = await harness.startWorker({ concurrency: 1 })
  const path = await harness.file('one.csv', 'n\n1\n2\n')
  const ingestId = await harness.start(
    {
      source: { kind: 'directory', path },
      target: { table: 'one' },
    },
    eachVerb,
  )
  const atWork = `select count(*) as n from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`
  await until(async () => (await only(atWork)).n === 1, { what: 'the unit' })
  await harness.steer(ingestId, 'pause')
  await until(() => isPending(ingestId, 'markPaused'), { what: 'the mark on its way' })
  await holder.query(`select pg_advisory_unlock(${held})`)
  await until(async () => (await loaded(ingestId)) === 1, { what: 'the unit’s receipt' })
  await untilIdle(harness.client, ingestId)
  expect(await stateOf(ingestId)).toBe('paused')
  expect((await only("select to_regclass('one') as t")).t).toBeNull()
  // To and fro: the last word counts.
  await harness.steer(ingestId, 'resume')
  await harness.steer(ingestId, 'pause')
  await harness.steer(ingestId, 'resume')
  expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed', rowsLoaded: 2 })
  expect(await only('select count(*) as n from one')).toEqual({ n: 2 })
  holder.release()
  worker.kill('SIGTERM')
  await worker.exited
})

test('a paused ingest can be cancelled', async () => {
  const worker = await harness.startWorker({ concurrency: 1 })
  const ingestId = `${harness.queue}-halt`
  const path = await harness.file('halt.csv', 'n\n1\n')
  await harness.db.query(
    `create function halt() returns trigger language plpgsql as $$ begin
       perform pg_sleep(0.5); return new; end $$;
     create trigger halt before insert on sluice.files for each row execute function halt()`,
  )
  await harness.start(
    {
      id: ingestId,
      source: { kind: 'directory', path },
      target: { table: 'halt' },
    },
    eachVerb,
  )
  await harness.steer(ingestId, 'pause')
  await until(async () => (await stateOf(ingestId)) === 'paused', { what: 'the pause' })
  await untilIdle(harness.client, ingestId)
  expect(await loaded(ingestId)).toBe(0)
  await harness.steer(ingestId, 'cancel')
  expect(await harness.ended(ingestId)).toMatchObject({ state: 'cancelled' })
  worker.kill('SIGTERM')
  await worker.exited
})
