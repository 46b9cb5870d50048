/** Records that kill whoever loads them: real deaths, and every other row is there once. */
import type { TestContext } from 'vitest'
import { expect, test } from 'vitest'
import { build, type Harness, until, type WorkerProcess } from '../harness.ts'
import { recordHistory } from '../replay/record.ts'

/** Deaths are noticed after this long, not after the 30 s without a heartbeat. */
const limits = { load: { hardMs: 3000 } }
const timeout = 180_000

type OnEnd = TestContext['onTestFinished']

/** A target in which a session that meets `poison` sleeps, and one that meets `slow` waits. */
async function target(onEnd: OnEnd): Promise<Harness> {
  const harness = await build({ onEnd })
  await harness.db.query(`
    create table target (n int, text text);
    create function meet() returns trigger language plpgsql as $$ begin
      if new.text like 'poison%' then perform pg_sleep(600); end if;
      if new.text = 'slow' then perform pg_advisory_xact_lock_shared(1); end if;
      return new;
    end $$;
    create trigger meet before insert on target for each row execute function meet()`)
  return harness
}

/** Kills every worker with SIGKILL that has a sleeping session, and starts another one. */
function killer(harness: Harness, workers: WorkerProcess[], options = {}) {
  let deaths = 0
  const stop = new AbortController()
  const round = async () => {
    const { rows } = await harness.db.query(
      `select split_part(application_name, '/', 4)::int as pid from pg_stat_activity
       where datname = current_database() and application_name like 'sluice/%/load %'
         and wait_event = 'PgSleep'`,
    )
    for (const { pid } of rows) {
      const index = workers.findIndex((worker) => worker.pid === pid && !worker.child.killed)
      if (index < 0) continue
      deaths++
      workers[index]?.kill('SIGKILL')
      workers[index] = await harness.startWorker(options)
    }
  }
  const done = (async () => {
    while (!stop.signal.aborted) {
      await round()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })()
  return {
    async stop(): Promise<number> {
      stop.abort()
      await done
      return deaths
    },
  }
}

async function ledger(harness: Harness, ingestId: string) {
  const { rows } = await harness.db.query(
    `select i.state, i.error, i.units, i.rows_read, i.rows_loaded, i.rows_rejected,
            (select count(*) from sluice.units u where u.ingest_id = i.ingest_id) as planned,
            (select count(*) from sluice.units u
             where u.ingest_id = i.ingest_id and loaded_at is not null) as receipts,
            (select sum(records)::bigint from sluice.units u where u.ingest_id = i.ingest_id)
              as records,
            (select sum(parts)::bigint from sluice.units u where u.ingest_id = i.ingest_id) as parts,
            (select count(*) from sluice.attempts a where a.ingest_id = i.ingest_id) as notes
     from sluice.ingests i where ingest_id = $1`,
    [ingestId],
  )
  return rows[0]
}

const numbers = async (harness: Harness): Promise<number[]> =>
  (await harness.db.query('select n from target order by n')).rows.map(({ n }) => n)

/** The application names of sessions that wait for the advisory lock of the test. */
const waiting = async (harness: Harness): Promise<string[]> =>
  (
    await harness.db.query(
      `select application_name as name from pg_stat_activity
       where datname = current_database() and application_name like 'sluice/%/load %'
         and wait_event = 'advisory'`,
    )
  ).rows.map(({ name }) => name)

test.concurrent('a record that kills its workers becomes a reject, all others are loaded once', {
  timeout,
}, async ({ onTestFinished }) => {
  const harness = await target(onTestFinished)
  const rows = 60
  const lines = Array.from({ length: rows }, (_, n) => {
    if (n === 33) return '33,"poison\nof two lines"'
    if (n === 44) return 'x,not a number'
    return n % 10 === 0 ? `${n},"a\nb"\n` : `${n},text`
  })
  const path = await harness.file('rows.csv', `n,text\n${lines.join('\n')}\n`)
  const options = { concurrency: 4 }
  const workers = [await harness.startWorker(options)]
  const ingestId = await harness.start(
    { source: { kind: 'directory', path }, target: { table: 'target', atomic: false } },
    { limits, historyEventsMax: 40 },
  )
  const killing = killer(harness, workers, options)
  const view = await harness.ended(ingestId, timeout)
  const deaths = await killing.stop()
  expect(view).toMatchObject({
    state: 'completed',
    error: null,
    rowsRead: rows,
    rowsLoaded: rows - 2,
    rowsRejected: 2,
  })
  const rejects = await harness.rejects(ingestId)
  expect(rejects.map(({ code, raw }) => [code, raw])).toEqual([
    ['poison_record', '33,"poison\nof two lines"'],
    ['22P02', 'x,not a number'],
  ])
  // The header, and two more lines for each of the four records before it that have them.
  expect(rejects[0]?.line).toBe(33 + 2 + 2 * 4)
  const wanted = Array.from({ length: rows }, (_, n) => n).filter((n) => n !== 33 && n !== 44)
  expect(await numbers(harness)).toEqual(wanted)
  // Two for the file, one for a sixteenth of it, three alone.
  expect(deaths).toBeGreaterThanOrEqual(6)
  const found = await ledger(harness, ingestId)
  expect(found).toMatchObject({ records: rows, notes: 0 })
  expect(found.units).toBe(found.planned)
  expect(found.receipts).toBe(found.planned)
  expect(found.planned).toBe(1 + found.parts)
  expect(found.planned).toBeGreaterThan(16)
})

test.concurrent('workers that are killed by hand over good rows cost no row', {
  timeout,
}, async ({ onTestFinished }) => {
  const harness = await target(onTestFinished)
  const rows = 40
  const lines = Array.from({ length: rows }, (_, n) => `${n},${n === 20 ? 'slow' : 'text'}`)
  const path = await harness.file('rows.csv', `n,text\n${lines.join('\n')}\n`)
  const holder = await harness.db.connect()
  await holder.query('select pg_advisory_lock(1)')
  let worker = await harness.startWorker()
  const ingestId = await harness.start(
    { source: { kind: 'directory', path }, target: { table: 'target', atomic: false } },
    { limits },
  )
  for (let death = 0; death < 2; death++) {
    const isIn = async () =>
      (await waiting(harness)).some((name) => name.endsWith(`/${worker.pid}`))
    await until(isIn, { what: 'the load', worker })
    worker.kill('SIGKILL')
    worker = await harness.startWorker()
  }
  const isSplit = async () => (await ledger(harness, ingestId)).parts > 0
  await until(isSplit, { what: 'the split', worker })
  await harness.steer(ingestId, 'pause')
  await holder.query('select pg_advisory_unlock(1)')
  holder.release()
  const isPaused = async () => {
    const { state, receipts } = await ledger(harness, ingestId)
    return state === 'paused' && receipts > 0
  }
  await until(isPaused, { what: 'the pause', worker })
  await harness.steer(ingestId, 'resume')
  const view = await harness.ended(ingestId, timeout)
  expect(view).toMatchObject({ state: 'completed', rowsRead: rows, rowsLoaded: rows })
  expect(await harness.rejects(ingestId)).toEqual([])
  expect(await numbers(harness)).toEqual(Array.from({ length: rows }, (_, n) => n))
  expect(await ledger(harness, ingestId)).toMatchObject({
    units: 16,
    planned: 16,
    receipts: 16,
    parts: 15,
    notes: 0,
  })
  await recordHistory(harness.client, ingestId, 'split')
})

test.concurrent('a worker that lives is no death, however often its attempts are given up', {
  timeout,
}, async ({ onTestFinished }) => {
  const harness = await target(onTestFinished)
  const path = await harness.file('rows.csv', 'n,text\n1,text\n2,slow\n')
  const holder = await harness.db.connect()
  await holder.query('select pg_advisory_lock(1)')
  const worker = await harness.startWorker()
  const ingestId = await harness.start(
    { source: { kind: 'directory', path }, target: { table: 'target', atomic: false } },
    { limits: { load: { hardMs: 2000 } } },
  )
  const tried = () => worker.output().includes('started (attempt 4)')
  await until(tried, { what: 'a fourth attempt', worker })
  await holder.query('select pg_advisory_unlock(1)')
  holder.release()
  const view = await harness.ended(ingestId, timeout)
  expect(view).toMatchObject({ state: 'completed', units: 1, rowsLoaded: 2, rowsRejected: 0 })
  expect(await ledger(harness, ingestId)).toMatchObject({ parts: 0, notes: 0 })
  expect(await numbers(harness)).toEqual([1, 2])
})
