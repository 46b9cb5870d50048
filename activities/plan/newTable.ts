/** The landing table of a target that does not exist yet, or that target where rows go straight into it. */
import type { Column } from '../../src/domain/columns.ts'
import type { TableName } from '../../src/domain/table.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { landingName, triedName } from '../../src/postgres/names.ts'
import { addKeys, keysOf, keysSoFar, tryKeys } from '../../src/postgres/target/keys.ts'
import {
  createEmpty,
  createLike,
  createTable,
  dropTable,
} from '../../src/postgres/target/landing.ts'
import { asTarget } from '../../src/postgres/target/targetTable.ts'
import type { FullTarget } from '../../src/spec/target.ts'

interface New {
  /** The landing table; the target itself where rows go straight into it. */
  table: TableName
  name: TableName
  into: FullTarget
  traced: boolean
  /** More files are to come, and may bring more columns. */
  isPart: boolean
}

/** @throws key_invalid */
export async function createNew(
  tx: Connection,
  { table, name, into, traced, isPart }: New,
  columns: Column[],
) {
  if (traced) {
    await dropTable(tx, table)
    await createLike(tx, table, columns.map(asTarget), { traced })
  } else await createTable(tx, table, columns, { landing: into.atomic })
  const keys = isPart ? keysSoFar(into, columns) : keysOf(into, columns)
  if (keys === null) return
  await tryKeys(tx, { empty: table, table: name }, keys)
  if (!into.atomic) await addKeys(tx, table, keys)
}

/**
 * A landing table that has grown with the files may have rows: the keys are tried on an empty one.
 * @throws key_invalid
 */
export async function mustTakeKeys(
  tx: Connection,
  { ingestId, table, into }: { ingestId: string; table: TableName; into: FullTarget },
  columns: readonly Column[],
): Promise<void> {
  const keys = keysOf(into, columns)
  if (keys === null) return
  const landing = landingName(ingestId, table)
  const empty = triedName(landing)
  await createEmpty(tx, empty, landing)
  await tryKeys(tx, { empty, table }, keys)
  await dropTable(tx, empty)
}
