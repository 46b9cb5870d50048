/** Which versions of PostgreSQL Sluice works with. */
import type { ClientBase } from 'pg'
import { sluiceError } from '../errors.ts'

/** PostgreSQL 17 brought `COPY … ON_ERROR ignore`, which the fast lane stands on. */
const oldest = 170_000

/**
 * Asks in words that every version knows.
 * @throws postgres_too_old
 */
export async function mustBeNewEnough(connection: Pick<ClientBase, 'query'>): Promise<void> {
  const { rows } = await connection.query(
    `select current_setting('server_version') as version,
            current_setting('server_version_num')::int as number`,
  )
  const { version, number } = rows[0]
  if (number < oldest) throw sluiceError('postgres_too_old', { version })
}
