/** Whether a landing table is still the one that the files need, and what is done if it is not. */
import { isDeepStrictEqual } from 'node:util'
import type { Column } from '../../src/domain/columns.ts'
import type { TableName } from '../../src/domain/table.ts'
import type { Connection } from '../../src/postgres/db.ts'
import type { IngestEntry } from '../../src/postgres/ledger/ingests.ts'
import { hasRejects } from '../../src/postgres/ledger/plan.ts'
import { forgetReceipts } from '../../src/postgres/ledger/units.ts'
import { addColumns, changeTypes, isAllNull } from '../../src/postgres/target/landing.ts'
import { type Landing, makeLanding } from './landing.ts'

type Made = Pick<IngestEntry, 'traced' | 'columns'>

/** As the ledger has it: what is undefined is not there. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

export const isAsNeeded = ({ traced, columns }: Made, needed: Landing): boolean =>
  traced === needed.traced && isDeepStrictEqual(asJson(columns), asJson(needed.columns))

interface Fitting {
  ingestId: string
  entry: IngestEntry
  needed: Landing
  /** More files are to come. */
  isPart: boolean
}

/**
 * Changes the landing table in its place, where each row that is in it becomes what it would be had it
 * been loaded into the table that is needed.
 * @returns false when that cannot be told; then nothing was done
 */
export async function changeInPlace(
  tx: Connection,
  { ingestId, entry, needed }: Fitting,
): Promise<boolean> {
  const { columns, like, table } = needed
  const had = entry.columns ?? []
  const brought = columns.slice(had.length)
  if (entry.traced !== needed.traced || columns.length < had.length) return false
  // In a row of a file without a column of the target is its default, and not NULL.
  if (like && !brought.every(({ added }) => added)) return false
  // Rows that are there have no value for it, and are to be rejects.
  if (brought.some(({ notNull, default: value }) => notNull && !value)) return false
  const pairs = had.map((column, at) => ({ column, wanted: columns[at] as Column }))
  if (!pairs.every(isKept)) return false
  const changed = pairs.filter(({ column, wanted }) => column.type !== wanted.type)
  // With another type the value of a reject may be none.
  if (changed.length > 0 && (await hasRejects(tx, ingestId))) return false
  for (const each of changed) if (!(await isExact(tx, table, each))) return false
  const wanted = changed.map((each) => each.wanted)
  await changeTypes(tx, table, wanted)
  await addColumns(tx, table, brought)
  return true
}

interface Pair {
  column: Column
  wanted: Column
}

/** All but the type is the same; words that are NULL may have been found behind what is loaded. */
function isKept({ column, wanted }: Pair): boolean {
  const { type: _, nullWords = [], ...rest } = column
  const { type: __, nullWords: words = [], ...others } = wanted
  const isSame = isDeepStrictEqual(asJson(rest), asJson(others))
  return isSame && nullWords.every((word) => words.includes(word))
}

/** A number of bigint is the same as numeric, which has no places behind the point then. */
const isExact = async (tx: Connection, table: TableName, { column, wanted }: Pair) =>
  (column.type === 'bigint' && wanted.type === 'numeric') || isAllNull(tx, table, column.name)

/** Makes it anew, and takes all receipts back: every unit is to be loaded again. */
export async function makeAnew(tx: Connection, fitting: Fitting): Promise<void> {
  await forgetReceipts(tx, fitting.ingestId)
  await makeLanding(tx, fitting, fitting.needed)
}
