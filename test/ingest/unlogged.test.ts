/** Landing tables without a log: PostgreSQL crashes, and they are empty. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EmbeddedPostgres, startPostgres } from '../../src/dev/postgres.ts'
import { build, type Harness } from '../harness.ts'
import { obstacle } from './obstacle.ts'
import { ingestOver, once, outcome, persistence, writeRows } from './unloggedIngest.ts'

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
  await writeRows(harness)
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

const over = (table: string, condition: string) =>
  ingestOver(harness, table, { over: condition, onEnd: (tearDown) => undo.push(tearDown) })

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
])(
  'a crash %s: all units are loaded again, and every row is there once',
  async ([where, condition]) => {
    const table = `crash_${where.replaceAll(' ', '_')}`
    const ingestId = await over(table, condition(table))
    expect(await persistence(harness, 'sluice_landing%')).toBe('u')
    await postgres.kill()
    await again()
    expect(await outcome(harness, ingestId, table)).toEqual({
      ...once,
      notes: ['units_loaded_again'],
    })
    expect(await persistence(harness, table)).toBe('p')
    await harness.db.query(`${drop} sluice.units; ${drop} sluice.ingests; ${drop} ${table}`)
  },
)

test('a server that is stopped in order keeps what was loaded', async () => {
  const ingestId = await over('stopped', obstacle('stopped', 'insert', 'new.n = 9000'))
  await postgres.stop()
  await again()
  expect(await outcome(harness, ingestId, 'stopped')).toEqual({ ...once, notes: [] })
})

test('a landing table that becomes the target gets a log, and outlives a crash', async () => {
  const condition = 'new.unit_no = 2 and new.loaded_at is not null'
  const ingestId = await over('anew', obstacle('sluice.units', 'update', condition))
  await harness.db.query('drop table anew')
  await harness.db.query(`select pg_terminate_backend(pid) from pg_locks
    where locktype = 'advisory' and objid = 7 and granted`)
  expect(await outcome(harness, ingestId, 'anew')).toEqual({ ...once, notes: [] })
  expect(await persistence(harness, 'anew')).toBe('p')
  await postgres.kill()
  await again()
  expect(await outcome(harness, ingestId, 'anew')).toEqual({ ...once, notes: [] })
})
