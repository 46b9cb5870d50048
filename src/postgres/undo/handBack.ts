/** Rows that an undo restores belong again to the ingests that wrote them before, and can be taken back with those. */
import { ownRows, quoteIdentifier, quoteTable, sameIn } from '../../domain/table.ts'
import type { Connection } from '../db.ts'
import { undoTables, xminColumn } from '../names.ts'
import type { ByKey } from './byKey.ts'
import type { UndoEntry } from './entry.ts'

/**
 * A row of before had the `xmin` that its key has at the ingest which wrote it. It gets another one when
 * it is restored; so the key is written anew, in the same transaction, before that.
 */
export async function handBack(tx: Connection, byKey: ByKey, entry: UndoEntry): Promise<void> {
  const { ingestId, target, isPartitioned, keys, before } = byKey
  // The lock keeps the janitor from forgetting one of them meanwhile.
  const { rows: others } = await tx.query<{ id: string; keys: string[] }>(
    `select ingest_id as id, keys from sluice.undos
     where target_oid = $1 and by_key and ingest_id <> $2 and guard = xmin::text::bigint
     for key share`,
    [entry.targetOid, ingestId],
  )
  const written = quoteTable(undoTables(ingestId).keys)
  const xmin = quoteIdentifier(xminColumn(ingestId))
  for (const other of others) {
    const [first] = other.keys.map(quoteIdentifier)
    await tx.query(
      `update ${quoteTable(undoTables(other.id).keys)} o set ${first} = o.${first}
       from ${quoteTable(before.table)} b
       left join ${written} k on ${sameIn(keys, 'k', 'b')}
       left join ${ownRows(target, isPartitioned)} t on ${sameIn(keys, 't', 'b')}
       where ${sameIn(other.keys, 'o', 'b')} and o.xmin = b.${xmin}
         and case when k.tableoid is null then t.tableoid is null else t.xmin = k.xmin end`,
    )
  }
}
