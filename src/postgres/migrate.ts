/** Brings the ledger schema up to date: numbered SQL files, forward only, under an advisory lock. */

import { fileURLToPath } from 'node:url'
import { runner } from 'node-pg-migrate'
import { type Connection, type Db, transaction, withConnection } from './db.ts'
import { migrateLock } from './names.ts'
import { mustBeNewEnough } from './version.ts'

/**
 * @param db has room for two connections
 * @returns the names of the migrations that were applied now
 * @throws postgres_too_old
 */
export const migrate = (db: Db): Promise<string[]> =>
  transaction(db, async (tx) => {
    await mustBeNewEnough(tx)
    // Several processes may start at once; the runner's own lock does not wait. Behind a
    // pooler, a session lock could pass to another client: a transaction holds this one.
    await tx.query('select pg_advisory_xact_lock(hashtext($1))', [migrateLock])
    return withConnection(db, run)
  })

async function run(connection: Connection): Promise<string[]> {
  const { rows } = await connection.query(`select to_regnamespace('sluice') is null as missing`)
  const applied = await runner({
    dbClient: connection as never,
    dir: fileURLToPath(new URL('./sql', import.meta.url)),
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
