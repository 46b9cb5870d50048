/** replace: the rows take the place of those that are there. */
import { quoteTable, showTable, type TableName } from '../../domain/table.ts'
import { sluiceError } from '../../errors.ts'
import type { Connection, Db } from '../db.ts'
import type { TargetTable } from '../target/targetTable.ts'
import { insertRows } from './append.ts'
import type { Mode } from './mode.ts'

export const replace: Mode = {
  lock: 'access exclusive',
  keepsRows: false,
  async check(db, { oid, table, owned, role }) {
    const shown = showTable(table)
    if (!owned) {
      const problem = `${role} does not own it, and the mode is replace`
      throw sluiceError('target_not_writable', { table: shown, problem })
    }
    await mustNotBeReferenced(db, oid, shown)
  },
  mayTakePlace: ({ bare }) => bare,
  makeRoom: (tx, { target, there }) => truncate(tx, target, there),
  fill: insertRows,
}

/** Rows that others refer to cannot all be taken away. @throws target_referenced */
async function mustNotBeReferenced(db: Db | Connection, oid: number, table: string): Promise<void> {
  const { rows } = await db.query<{ key: string }>(
    `select format('%I of %s', conname, conrelid::regclass) as key
     from pg_constraint
     where confrelid = $1 and contype = 'f' and conrelid <> $1 and conparentid = 0
     order by 1 limit 5`,
    [oid],
  )
  if (rows.length === 0) return
  throw sluiceError('target_referenced', { table, keys: rows.map(({ key }) => key).join(', ') })
}

/**
 * Empties the target where the landing table cannot take its place: its own rows, which for a
 * partitioned table are those of its partitions. Tables that inherit from it keep theirs.
 */
async function truncate(
  tx: Connection,
  target: TableName,
  { partitioned }: Pick<TargetTable, 'partitioned'>,
): Promise<void> {
  await tx.query(`truncate ${partitioned ? '' : 'only '}${quoteTable(target)}`)
}
