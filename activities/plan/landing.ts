/** Which landing table the files of an ingest need, and how it is made. */
import type { Column } from '../../src/domain/columns.ts'
import type { ColumnValues } from '../../src/domain/columnValues.ts'
import { type DeclaredColumn, placeDeclared } from '../../src/domain/declared.ts'
import type { Layout } from '../../src/domain/layout.ts'
import { parseTableName, showTable, type TableName } from '../../src/domain/table.ts'
import type { Note } from '../../src/errors/notes.ts'
import { sluiceError } from '../../src/errors.ts'
import type { Connection } from '../../src/postgres/db.ts'
import type { IngestEntry } from '../../src/postgres/ledger/ingests.ts'
import { enterUnlogged, unloggedBytesMin } from '../../src/postgres/ledger/unlogged.ts'
import { modes } from '../../src/postgres/modes/index.ts'
import { landingName } from '../../src/postgres/names.ts'
import { mayRefuse } from '../../src/postgres/target/constraints.ts'
import { addColumns, createLike, dropTable } from '../../src/postgres/target/landing.ts'
import { asTarget, type TargetTable } from '../../src/postgres/target/targetTable.ts'
import { markerColumn, markerOf } from '../../src/spec/modes.ts'
import type { FullSpec } from '../../src/spec/spec.ts'
import type { FullTarget } from '../../src/spec/target.ts'
import { transformOf } from '../../src/spec/transform.ts'
import { landKeyed, markerIn } from './keyed.ts'
import { createNew } from './newTable.ts'
import { type Guessed, guessColumns } from './types.ts'

/** What the files say of the landing table. */
export interface Needs {
  ingestId: string
  entry: IngestEntry
  target: TargetTable | null
  layout: Layout
  values: ColumnValues
  /** The size of all files, in the stage as far as they are there. */
  bytes: number
  /** Columns that are declared, and that the target does not have. */
  declared: readonly DeclaredColumn[]
  /** Files are missing that may bring more columns. */
  isPart: boolean
}

/** A landing table, or the target itself where rows go straight into it. */
export interface Landing extends Pick<IngestEntry, 'traced' | 'unlogged'> {
  table: TableName
  columns: Column[]
  /** The columns of the target that it has; null where there is no target yet. */
  like: TargetTable['columns'] | null
  /** What was not plain about the types of its columns. */
  notes: Note[]
}

/** An ingest without a target is not planned. */
export function targetOf({ target }: FullSpec): { into: FullTarget; table: TableName } {
  if (!target) throw sluiceError('count_mismatch', { problem: 'there is no target to plan for' })
  return { into: target, table: parseTableName(target.table) }
}

/** @throws source_without_records, target_not_writable, declared_column_missing */
export async function neededLanding(tx: Connection, needs: Needs): Promise<Landing> {
  const { ingestId, entry, target, layout } = needs
  const { into, table: name } = targetOf(entry.spec)
  const table: TableName = into.atomic ? landingName(ingestId, name) : name
  if (transformOf(into) !== null) return { table, ...(await neededRaw(tx, needs)) }
  if (target) return { table, ...(await neededLike(tx, { ...needs, target })) }
  if (!layout.columns) throw sluiceError('source_without_records', { table: showTable(name) })
  const names = layout.columns.map((column) => column.name)
  const typed = await typesOf(tx, needs, names)
  if (modes[into.mode].isKeyed) return { table, ...typed, ...landKeyed(typed.columns, needs) }
  const traced = into.atomic && into.primaryKey !== undefined
  return { table, ...typed, like: null, traced, unlogged: false }
}

/** For rows that a transform makes others of: the columns of the files, with numbers for the rows. */
async function neededRaw(tx: Connection, needs: Needs): Promise<Omit<Landing, 'table'>> {
  const { layout, entry, bytes } = needs
  const { table } = targetOf(entry.spec)
  if (!layout.columns) throw sluiceError('source_without_records', { table: showTable(table) })
  const names = [...layout.columns.map((column) => column.name), ...layout.added]
  const guessed = await typesOf(tx, needs, [...new Set(names)])
  const like = guessed.columns.map(asTarget)
  return { ...guessed, like, traced: true, unlogged: bytes >= unloggedBytesMin }
}

/** For a target that is there: its columns, and those that the files bring. */
async function neededLike(
  tx: Connection,
  needs: Needs & { target: TargetTable },
): Promise<Omit<Landing, 'table'>> {
  const { target, layout, entry, bytes } = needs
  const { into, table: name } = targetOf(entry.spec)
  // A table that will be swapped needs all its columns; else those that are filled will do.
  const all = modes[into.mode].mayTakePlace(target)
  const like = target.columns.filter(
    (column) => !column.generated && (all || layout.used.has(column.name)),
  )
  const wantsPlaces = modes[into.mode].isKeyed || (entry.spec.expect ?? []).length > 0
  const traced = into.atomic && !all && (wantsPlaces || (await mayRefuse(tx, name, like)))
  const { columns: added, notes } = await typesOf(tx, needs, [...layout.added])
  if (added.length > 0 && !target.owned) {
    const names = added.map((column) => column.name).join(', ')
    const problem = `only its owner may add columns (${names})`
    throw sluiceError('target_not_writable', { table: showTable(name), problem })
  }
  const unlogged = into.atomic && !all && bytes >= unloggedBytesMin
  const brought = added.map((column) => ({ ...column, added: true }))
  const marker = markerIn(into, target.columns, layout.used)
  return { columns: [...like, ...marker, ...brought], like, notes, traced, unlogged }
}

/**
 * Columns that do not exist yet: as they are declared, and else with types as the spec wants them
 * found. Those that are declared and that no file has come last.
 */
async function typesOf(tx: Connection, needs: Needs, all: string[]): Promise<Guessed> {
  const { ingestId, values, entry, declared, isPart } = needs
  const { into } = targetOf(entry.spec)
  const marker = markerOf(into)
  const { known, others } = placeDeclared(declared, all, { isPart })
  const names = all.filter((name) => !known.has(name) && name !== marker?.column)
  const { columns, notes } =
    into.types === 'text'
      ? { columns: names.map((name): Column => ({ name, type: 'text' })), notes: [] }
      : await guessColumns(tx, ingestId, { values, names, entry })
  const byName = new Map<string, Column>([
    ...(marker ? [[marker.column, markerColumn(marker)] as const] : []),
    ...known,
    ...columns.map((column) => [column.name, column] as const),
  ])
  return { columns: [...all.map((name) => byName.get(name) as Column), ...others], notes }
}

/** Makes it, in the place of one that is there. */
export async function makeLanding(
  tx: Connection,
  { ingestId, entry, isPart }: Pick<Needs, 'ingestId' | 'entry' | 'isPart'>,
  { table, columns, like, traced, unlogged }: Landing,
): Promise<void> {
  const { into, table: name } = targetOf(entry.spec)
  if (!like) return createNew(tx, { table, name, into, traced, isPart }, columns)
  if (into.atomic) {
    await dropTable(tx, table)
    await createLike(tx, table, like, { traced, unlogged })
  }
  if (unlogged) await enterUnlogged(tx, ingestId)
  const there = new Set(like.map(({ name }) => name))
  await addColumns(
    tx,
    table,
    columns.filter(({ name }) => !there.has(name)),
  )
}
