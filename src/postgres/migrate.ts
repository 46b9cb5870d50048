/** Brings the ledger schema up to date: numbered SQL files, forward only, under an advisory lock. */
import { fileURLToPath } from 'node:url'
import { runner } from 'node-pg-migrate'
import { sluiceError } from '../errors.ts'
import { type Connection, type Db, transaction, withConnection } from './db.ts'

/** PostgreSQL 17 brought `COPY … ON_ERROR ignore`, which the fast lane stands on. */
const oldest = 170_000

/**
 * @param db has room for two connections
 * @returns the names of the migrations that were applied now
 * @throws postgres_too_old
 */
export const migrate = (db: Db): Promise<string[]> =>
  transaction(db, async (tx) => {
    const { rows } = await tx.query(
      `select current_setting('server_version') as version,
              current_setting('server_version_num')::int as number`,
    )
    if (rows[0].number < oldest) throw sluiceError('postgres_too_old', { version: rows[0].version })
    // Several processes may start at once; the runner's own lock does not wait. A lock of the
    // session could be somebody else's behind a pooler: this one is held by its transaction.
    await tx.query(`select pg_advisory_xact_lock(hashtext('sluice.migrate'))`)
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
