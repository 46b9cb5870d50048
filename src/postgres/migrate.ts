/** Brings the ledger schema up to date: numbered SQL files, forward only, under an advisory lock. */
import { fileURLToPath } from 'node:url'
import { runner } from 'node-pg-migrate'
import { sluiceError } from '../errors.ts'
import { type Db, withConnection } from './db.ts'

/** PostgreSQL 17 brought `COPY … ON_ERROR ignore`, which the fast lane stands on. */
const oldest = 170_000

/**
 * @returns the names of the migrations that were applied now
 * @throws postgres_too_old
 */
export const migrate = (db: Db): Promise<string[]> =>
  withConnection(db, async (connection) => {
    const { rows } = await connection.query(
      `select current_setting('server_version') as version,
              current_setting('server_version_num')::int as number,
              to_regnamespace('sluice') is null as missing`,
    )
    if (rows[0].number < oldest) throw sluiceError('postgres_too_old', { version: rows[0].version })
    // Several processes may start at once; the runner's own lock does not wait.
    await connection.query(`select pg_advisory_lock(hashtext('sluice.migrate'))`)
    try {
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
    } finally {
      await connection.query(`select pg_advisory_unlock(hashtext('sluice.migrate'))`)
    }
  })
