/** Brings the ledger schema up to date: numbered SQL files, forward only, under an advisory lock. */
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type Connection, type Db, isOfDatabase, transaction, withConnection } from './db.ts'
import { migrateLock } from './names.ts'
import { mustBeNewEnough } from './version.ts'

const folder = fileURLToPath(new URL('./sql', import.meta.url))

/**
 * Most often all of them are applied: a process that starts then asks once, and loads no runner.
 *
 * @param db has room for two connections
 * @returns the names of the migrations that were applied now
 * @throws postgres_too_old
 */
export async function migrate(db: Db): Promise<string[]> {
  await withConnection(db, mustBeNewEnough)
  return (await isUpToDate(db)) ? [] : applyAll(db)
}

async function isUpToDate(db: Db): Promise<boolean> {
  const files = await readdir(folder)
  try {
    const { rows } = await db.query('select name from sluice.migrations')
    const applied = new Set(rows.map(({ name }) => `${name}.sql`))
    return files.every((file) => applied.has(file)) && applied.size === files.length
  } catch (error) {
    // There is no ledger yet, or something else is wrong, which the runner will tell.
    if (isOfDatabase(error)) return false
    throw error
  }
}

const applyAll = (db: Db): Promise<string[]> =>
  transaction(db, async (tx) => {
    // Several processes may start at once; the runner's own lock does not wait. Behind a
    // pooler, a session lock could pass to another client: a transaction holds this one.
    await tx.query('select pg_advisory_xact_lock(hashtext($1))', [migrateLock])
    return withConnection(db, run)
  })

async function run(connection: Connection): Promise<string[]> {
  const { runner } = await import('node-pg-migrate')
  const { rows } = await connection.query(`select to_regnamespace('sluice') is null as missing`)
  const applied = await runner({
    dbClient: connection as never,
    dir: folder,
    direction: 'up',
    migrationsTable: 'migrations',
    migrationsSchema: 'sluice',
    // A role that may not create schemas can work with a ledger that is there.
    createMigrationsSchema: rows[0].missing,
    noLock: true,
    log: () => {},
  })
  return applied.map(({ name }) => name)
}
