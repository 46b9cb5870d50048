/** The landing table of a target that does not exist yet, or that target where rows go straight into it. */
import type { Column } from '../../src/domain/columns.ts'
import type { TableName } from '../../src/domain/table.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { addKeys, keysOf, tryKeys } from '../../src/postgres/target/keys.ts'
import { createLike, createTable, dropTable } from '../../src/postgres/target/landing.ts'
import { asTarget } from '../../src/postgres/target/targetTable.ts'
import type { FullTarget } from '../../src/spec/target.ts'

interface New {
  /** Of the landing table, which is the target where rows go straight into it. */
  table: TableName
  name: TableName
  into: FullTarget
  traced: boolean
}

/** @throws key_invalid */
export async function createNew(
  tx: Connection,
  { table, name, into, traced }: New,
  columns: Column[],
) {
  if (traced) {
    await dropTable(tx, table)
    await createLike(tx, table, columns.map(asTarget), { traced })
  } else await createTable(tx, table, columns, { landing: into.atomic })
  const keys = keysOf(into, columns)
  if (keys === null) return
  await tryKeys(tx, { empty: table, table: name }, keys)
  if (!into.atomic) await addKeys(tx, table, keys)
}
