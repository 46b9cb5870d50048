/** An append that is large enough for a landing table without a log, and what must come of it. */
import { join } from 'node:path'
import pg from 'pg'
import { type Harness, until } from '../harness.ts'

const rows = 18_000
const bad = 3

/** 18 MB: above what gets a landing table without a log. */
export async function writeRows(harness: Harness): Promise<void> {
  const long = 'x'.repeat(1000)
  const lines = Array.from({ length: rows }, (_, n) => `${n < bad ? 'bad' : n},${long}`)
  await harness.file('rows.csv', `n,text\n${lines.join('\n')}\n`)
}

/** Starts the ingest into a new table, and returns when it waits for the obstacle. */
export async function ingestOver(
  harness: Harness,
  table: string,
  { over, onEnd }: { over: string; onEnd: (tearDown: () => Promise<void>) => void },
): Promise<string> {
  await harness.db.query(`create table ${table} (n int, text text); ${over}`)
  const holder = new pg.Client({ connectionString: harness.databaseUrl })
  await holder.connect()
  // It ends with the server.
  holder.on('error', () => {})
  onEnd(() => holder.end().catch(() => {}))
  await holder.query('select pg_advisory_lock(7)')
  const source = { kind: 'directory' as const, path: join(harness.folder, 'rows.csv') }
  const ingestId = await harness.start({ source, target: { table } })
  const isHeld = async () => {
    const { rowCount } = await harness.db.query(
      `select from pg_locks where locktype = 'advisory' and objid = 7 and not granted`,
    )
    return rowCount !== 0
  }
  await until(isHeld, { what: 'the obstacle' })
  return ingestId
}

export async function outcome(harness: Harness, ingestId: string, table: string) {
  const view = await harness.ended(ingestId, 120_000)
  const { rows: found } = await harness.db.query(
    `select count(*) as rows, count(distinct n) as ids,
            (select sum(rows_loaded)::bigint from sluice.units where ingest_id = $1) as receipts,
            (select count(*) from sluice.rejects where ingest_id = $1) as rejects,
            (select count(*) from pg_class where relname like 'sluice_landing%') as landings,
            (select count(*) from sluice.unlogged_landings) as unlogged
     from ${table}`,
    [ingestId],
  )
  const notes = view.notes.map(({ code }) => code).filter((code) => code === 'units_loaded_again')
  return { state: view.state, error: view.error, loaded: view.rowsLoaded, ...found[0], notes }
}

export const once = {
  state: 'completed',
  error: null,
  loaded: rows - bad,
  rows: rows - bad,
  ids: rows - bad,
  receipts: rows - bad,
  rejects: bad,
  landings: 0,
  unlogged: 0,
}

/** Of the first table whose name is like this: `u` has no log, `p` has one. */
export async function persistence(harness: Harness, table: string): Promise<string> {
  const { rows: found } = await harness.db.query(
    `select relpersistence as kind from pg_class where relname like $1 and relkind = 'r'
     order by 1 limit 1`,
    [table],
  )
  return found[0].kind
}
