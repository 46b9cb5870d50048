/** What an ingest kept so that it could be taken back goes when the time for that has passed. */
import { quoteTable } from '../../domain/table.ts'
import { type Connection, type Db, transaction } from '../db.ts'
import { undoTables } from '../names.ts'
import { isUndroppable } from '../sqlState.ts'

const expiredMax = 1000

export async function listExpired(db: Db): Promise<string[]> {
  const { rows } = await db.query(
    `select ingest_id as id from sluice.undos where keep_until < now()
     order by keep_until limit ${expiredMax}`,
  )
  return rows.map(({ id }) => id)
}

/**
 * What was kept goes, in the tables of the ingest and in those of all. Its entry is first: who needs the
 * tables to stay has locked that.
 */
export async function dropKept(tx: Connection, ingestId: string): Promise<void> {
  await tx.query('delete from sluice.undos where ingest_id = $1', [ingestId])
  await tx.query('delete from sluice.undo_xids where ingest_id = $1', [ingestId])
  const tables = Object.values(undoTables(ingestId)).map(quoteTable)
  await tx.query(`drop table if exists ${tables.join(', ')}`)
}

/** @returns whether it had a table; it stays for the next pass when a session reads that */
export async function forgetUndo(db: Db, ingestId: string): Promise<boolean> {
  const tables = Object.values(undoTables(ingestId)).map(quoteTable)
  try {
    return await transaction(
      db,
      async (tx) => {
        const { rows } = await tx.query(
          'select exists (select from unnest($1::text[]) as t (name) where to_regclass(name) is not null) as had',
          [tables],
        )
        await dropKept(tx, ingestId)
        return rows[0].had
      },
      { lockTimeoutMs: 5000 },
    )
  } catch (error) {
    if (isUndroppable(error)) return false
    throw error
  }
}
