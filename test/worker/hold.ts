/** Holds loads up just before their receipts, so that they can be counted while they run. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { listWorkers } from '../../src/postgres/ledger/workers.ts'
import { type Harness, until } from '../harness.ts'

/** A folder of files whose columns come in turns, so that each is a unit of its own. */
export async function unitFiles(harness: Harness, units: number, rows = 2): Promise<string> {
  const path = join(harness.folder, `units-${units}`)
  await mkdir(path, { recursive: true })
  for (let unit = 0; unit < units; unit++) {
    const head = unit % 2 ? 'a,b' : 'b,a'
    const ids = Array.from({ length: rows }, (_, row) => unit * rows + row)
    const name = `${String(unit).padStart(4, '0')}.csv`
    await writeFile(join(path, name), [head, ...ids.map((id) => `${id},${id}`), ''].join('\n'))
  }
  return `${path}/*.csv`
}

export interface Held {
  /** Loads that wait right before their receipt. */
  count(): Promise<number>
  untilCount(count: number): Promise<void>
  release(): Promise<void>
}

/** From now on loads wait until they are released. */
export async function holdLoads(harness: Harness): Promise<Held> {
  await harness.db.query(`
    create function hold() returns trigger language plpgsql as
      $$ begin
        perform pg_advisory_xact_lock_shared(7);
        new.loaded_at := clock_timestamp();
        return new;
      end $$;
    create trigger hold before update on sluice.units for each row execute function hold()`)
  const holder = new pg.Client({ connectionString: harness.databaseUrl })
  // A test that fails does not release it, and its database is dropped.
  holder.on('error', () => {})
  await holder.connect()
  await holder.query('select pg_advisory_lock(7)')
  const count = async () => {
    const { rows } = await harness.db.query(
      `select count(*) as held from pg_locks join pg_stat_activity using (pid)
       where locktype = 'advisory' and not granted and datname = current_database()
         and application_name like 'sluice/%/load %'`,
    )
    return rows[0].held
  }
  return {
    count,
    untilCount: (wanted) =>
      until(async () => (await count()) === wanted, { what: `${wanted} loads at once` }),
    release: () => holder.end(),
  }
}

/** Most units under way at one moment, by what the receipts say of their times. */
export async function unitsAtOnce(harness: Harness, ingestId: string): Promise<number> {
  const { rows } = await harness.db.query(
    `select max(n) as most from (
       select (select count(*) from sluice.units o
               where o.ingest_id = u.ingest_id
                 and u.started_at >= o.started_at and u.started_at < o.loaded_at) as n
       from sluice.units u where ingest_id = $1
     ) as counted`,
    [ingestId],
  )
  return rows[0].most
}

/**
 * Waits until each living worker has reported so many times, about once a second. With its reports
 * it takes its commands: what it would do wrong it has done by then.
 */
export async function untilReported(harness: Harness, times = 2): Promise<void> {
  const seen = async () => {
    const living = (await listWorkers(harness.db)).filter(({ state }) => state !== 'gone')
    return new Map(living.map(({ instance, seenAt }) => [instance, seenAt.getTime()]))
  }
  for (let report = 0; report < times; report++) {
    const before = await seen()
    const haveAll = async () => {
      const now = await seen()
      return [...before].every(
        ([instance, at]) => (now.get(instance) ?? Number.POSITIVE_INFINITY) > at,
      )
    }
    await until(haveAll, { what: 'a report of each worker' })
  }
}
