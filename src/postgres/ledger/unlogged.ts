/**
 * Landing tables without a log: rows that are copied on into the target need it only there.
 *
 * PostgreSQL empties all unlogged tables together, when it has crashed or when a standby takes over.
 * Receipts are logged and stay, so an unlogged table beside them knows whether they still hold: the
 * plan enters the ingest there, and a publish that does not find it has its units loaded again.
 */
import { quoteTable, type TableName } from '../../domain/table.ts'
import type { Connection } from '../db.ts'
import { forgetReceipts } from './units.ts'

/** Below that a log costs next to nothing. Bytes of staged files. */
export const unloggedBytesMin = 16 * 1024 * 1024

/** In the transaction that makes the landing table. */
export async function enterUnlogged(tx: Connection, ingestId: string): Promise<void> {
  await tx.query(
    'insert into sluice.unlogged_landings (ingest_id) values ($1) on conflict do nothing',
    [ingestId],
  )
}

/**
 * What has become of a landing table that was made without a log: it still has what was loaded,
 * PostgreSQL has emptied it, or it has a log since its receipts were taken back.
 */
export async function fateOf(
  tx: Connection,
  ingestId: string,
  landing: TableName,
): Promise<'kept' | 'emptied' | 'logged'> {
  const { rows } = await tx.query(
    `select exists (select from sluice.unlogged_landings where ingest_id = $1) as "isKept",
            (select relpersistence = 'p' from pg_class where oid = to_regclass($2)) as "isLogged"`,
    [ingestId, quoteTable(landing)],
  )
  const { isKept, isLogged } = rows[0]
  if (isLogged) return 'logged'
  return isKept ? 'kept' : 'emptied'
}

/**
 * Takes back all receipts with their rejects and what is left of the rows, and gives the landing table
 * a log, so that it happens once. @returns how many units are to be loaded again
 */
export async function takeBackReceipts(
  tx: Connection,
  ingestId: string,
  landing: TableName,
): Promise<number> {
  await tx.query(`truncate ${quoteTable(landing)}; alter table ${quoteTable(landing)} set logged`)
  const units = await forgetReceipts(tx, ingestId)
  await tx.query(`update sluice.ingests set phase = 'load' where ingest_id = $1`, [ingestId])
  return units
}
