/** Landing tables without a log: PostgreSQL crashes, and they are empty. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EmbeddedPostgres, startPostgres } from '../../src/dev/postgres.ts'
import { build, type Harness, until } from '../harness.ts'
import { obstacle } from './obstacle.ts'

const rows = 18_000
const bad = 3
/** 18 MB: above what gets a landing table without a log. */
const content = () => {
  const long = 'x'.repeat(1000)
  const lines = Array.from({ length: rows }, (_, n) => `${n < bad ? 'bad' : n},${long}`)
  return `n,text\n${lines.join('\n')}\n`
}

let home: string
let postgres: EmbeddedPostgres
let harness: Harness
const undo: (() => Promise<void>)[] = []

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sluice-unlogged-'))
  await chmod(home, 0o755)
  postgres = await startPostgres({ home: join(home, 'postgres') })
  harness = await build({
    databaseUrl: postgres.adminUrl,
    onEnd: (tearDown) => undo.push(tearDown),
  })
  await harness.file('rows.csv', content())
  await harness.startWorker()
})

afterAll(async () => {
  for (const tearDown of undo) await tearDown()
  await postgres?.stop()
  await rm(home, { recursive: true, force: true })
})

const again = async () => {
  postgres = await startPostgres({ home: join(home, 'postgres'), port: postgres.port })
}

/** Starts an ingest into a new table, and lets `crash` go on when it waits for the obstacle. */
async function ingestOver(table: string, over: (table: string) => string): Promise<string> {
  await harness.db.query(`create table ${table} (n int, text text); ${over(table)}`)
  const holder = new pg.Client({ connectionString: harness.databaseUrl })
  await holder.connect()
  // It ends with the server.
  holder.on('error', () => {})
  undo.push(() => holder.end().catch(() => {}))
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

async function outcome(ingestId: string, table: string) {
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

const once = {
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

const persistence = async (table: string) => {
  const { rows: found } = await harness.db.query(
    'select relpersistence as kind from pg_class where relname like $1 order by 1 limit 1',
    [table],
  )
  return found[0].kind
}

const drop = 'drop trigger if exists obstacle on'

test.for<[string, (table: string) => string]>([
  [
    'in a load',
    () => obstacle('sluice.units', 'update', 'new.unit_no = 2 and new.loaded_at is not null'),
  ],
  ['in the publish', (table) => obstacle(table, 'insert', 'new.n = 9000')],
  [
    'before the publish is marked',
    () => obstacle('sluice.ingests', 'update', 'new.published_at is not null'),
  ],
])('a crash %s: all units are loaded again, and every row is there once', async ([where, over]) => {
  const table = `crash_${where.replaceAll(' ', '_')}`
  const ingestId = await ingestOver(table, over)
  expect(await persistence('sluice_landing%')).toBe('u')
  await postgres.kill()
  await again()
  expect(await outcome(ingestId, table)).toEqual({ ...once, notes: ['units_loaded_again'] })
  expect(await persistence(table)).toBe('p')
  await harness.db.query(`${drop} sluice.units; ${drop} sluice.ingests; ${drop} ${table}`)
})

test('a server that is stopped in order keeps what was loaded', async () => {
  const ingestId = await ingestOver('stopped', (table) => obstacle(table, 'insert', 'new.n = 9000'))
  await postgres.stop()
  await again()
  expect(await outcome(ingestId, 'stopped')).toEqual({ ...once, notes: [] })
})

test('a landing table that becomes the target gets a log, and outlives a crash', async () => {
  const condition = 'new.unit_no = 2 and new.loaded_at is not null'
  const ingestId = await ingestOver('anew', () => obstacle('sluice.units', 'update', condition))
  await harness.db.query('drop table anew')
  await harness.db.query(`select pg_terminate_backend(pid) from pg_locks
    where locktype = 'advisory' and objid = 7 and granted`)
  expect(await outcome(ingestId, 'anew')).toEqual({ ...once, notes: [] })
  expect(await persistence('anew')).toBe('p')
  await postgres.kill()
  await again()
  expect(await outcome(ingestId, 'anew')).toEqual({ ...once, notes: [] })
})
