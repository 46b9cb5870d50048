/** plan: staged files → units in the ledger, and the landing table that they are loaded into. */
import type { Column } from '../src/domain/columns.ts'
import { ColumnValues } from '../src/domain/columnValues.ts'
import type { Layout } from '../src/domain/layout.ts'
import { type PlannedFile, planUnits, unitBytes } from '../src/domain/plan.ts'
import { shortSize, shortText } from '../src/domain/shortText.ts'
import { parseTableName, quoteTable, showTable, type TableName } from '../src/domain/table.ts'
import type { Unit } from '../src/domain/words.ts'
import { sluiceError } from '../src/errors.ts'
import { formatOf } from '../src/formats/index.ts'
import type { Connection } from '../src/postgres/db.ts'
import { eachFile, type FileEntry, sumFileBytes } from '../src/postgres/ledger/files.ts'
import type { NewList } from '../src/postgres/ledger/firstTable.ts'
import {
  enterPhase,
  type IngestEntry,
  lockIngest,
  mustBeActive,
  recordPlanned,
} from '../src/postgres/ledger/ingests.ts'
import { addNotes } from '../src/postgres/ledger/notes.ts'
import { addUnits, describeUnits, sumPlan } from '../src/postgres/ledger/units.ts'
import { enterUnlogged, unloggedBytesMin } from '../src/postgres/ledger/unlogged.ts'
import { modes } from '../src/postgres/modes/index.ts'
import { landingName } from '../src/postgres/names.ts'
import { alone } from '../src/postgres/sessions.ts'
import { mayRefuse } from '../src/postgres/target/constraints.ts'
import { addColumns, createLike, createTable, dropTable } from '../src/postgres/target/landing.ts'
import { readRelied } from '../src/postgres/target/relied.ts'
import { readTarget } from '../src/postgres/target/target.ts'
import type { TargetTable } from '../src/postgres/target/targetTable.ts'
import { enterUndo } from '../src/postgres/undo/written.ts'
import { addValues, FileSorter } from '../src/spec/files/sorter.ts'
import { layoutOf } from '../src/spec/files/unlike.ts'
import { type FullSpec, factsOf } from '../src/spec/spec.ts'
import type { FullTarget } from '../src/spec/target.ts'
import { type Attempt, mustNotBePaused, type VerbInput } from './attempt/attempt.ts'
import { guessColumns } from './plan/types.ts'
import { mustBeCheckable } from './publish/checks.ts'

export interface Planned {
  units: number
  /** Data records that staging counted. */
  records: number
  /** What the first units hold, as the Temporal Web UI shows it: `trips.csv · 8.4 MB`. */
  labels?: string[]
}

/** They pass through Temporal, so there are few of them, and they are short. */
const labelsMax = 100

const pageUnits = 200
/** A unit of small files has up to a thousand. */
const pageSplits = 2000

/** Plans once: a later attempt finds the plan in the ledger and returns it. */
export async function planIngest(attempt: Attempt, input: VerbInput): Promise<Planned> {
  const { db, signal } = attempt
  const { ingestId } = input
  await enterPhase(db, ingestId, 'plan')
  return alone(
    db,
    { ingestId, what: 'plan', signal },
    (tx) => lockIngest(tx, ingestId),
    async (tx, entry) => {
      mustBeActive(ingestId, entry)
      if (entry.landing) return labelled(tx, ingestId, await sumPlan(tx, ingestId))
      mustNotBePaused(input, entry.state)
      const { planned } = await planIn(tx, { ingestId, entry, signal })
      return labelled(tx, ingestId, planned)
    },
  )
}

async function labelled(tx: Connection, ingestId: string, planned: Planned): Promise<Planned> {
  const units = await describeUnits(tx, ingestId, labelsMax)
  const labels = units.map(({ file, otherFiles, sizeBytes }) => {
    const more = otherFiles > 0 ? ` and ${otherFiles} more` : ''
    const name = file.slice(file.lastIndexOf('/') + 1)
    return `${shortText(name, 48)}${more} · ${shortSize(sizeBytes)}`
  })
  return { ...planned, labels }
}

export interface PlanWork {
  ingestId: string
  entry: IngestEntry
  signal: AbortSignal
  /** What this transaction has found out, so that it need not be read from the ledger. */
  known?: {
    /** All of them, staged, in order. */
    files: readonly FileEntry[]
    /** There is no target yet. */
    isNew: boolean
    /** To be recorded together with the plan. */
    list: NewList | null
  }
}

/**
 * The same in the caller's transaction, which has locked the ingest.
 * @returns the ingest as it is then, too
 */
export async function planIn(
  tx: Connection,
  { ingestId, entry, signal, known }: PlanWork,
): Promise<{ planned: Planned; entry: IngestEntry }> {
  const { spec } = entry
  const { into, table } = targetOf(spec)
  const isNew = known?.isNew ?? false
  const before = isNew ? null : await readRelied(tx, table)
  const target = isNew ? null : await readTarget(tx, table, into.mode)
  const layout = layoutOf(spec, target?.columns ?? null)
  const sorter = new FileSorter(layout, entry)
  const values = new ColumnValues()
  const staged = known?.files ?? eachFile(tx, ingestId)
  const files = withColumns(staged, { sorter, values, signal })
  const bytes = known ? sumBytes(known.files) : await sumFileBytes(tx, ingestId)
  const planned = await addPages(tx, ingestId, planUnits(files, unitBytes(bytes)))
  const told = target ? await modes[into.mode].notes(tx, table) : []
  const notes = [...sorter.notes(factsOf(spec).paths.join(', ')), ...told]
  const made = await makeLanding(tx, { ingestId, entry, target, layout, values, bytes })
  await mustBeCheckable(tx, { ingestId, entry: { ...entry, ...made } })
  // Rows that go straight into the target rely on it as it is from now on.
  const relied = into.atomic ? before : await readRelied(tx, table)
  if (into.undo && !into.atomic) {
    await enterUndo(tx, ingestId, { target: table, made: !target, keys: null, into })
  }
  await recordPlanned(tx, ingestId, { ...planned, ...made, relied }, known?.list)
  await addNotes(tx, ingestId, notes)
  return { planned, entry: { ...entry, ...made, relied } }
}

const sumBytes = (files: readonly FileEntry[]): number =>
  files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)

/** An ingest without a target is not planned. */
function targetOf({ target }: FullSpec): { into: FullTarget; table: TableName } {
  if (!target) throw sluiceError('count_mismatch', { problem: 'there is no target to plan for' })
  return { into: target, table: parseTableName(target.table) }
}

interface Planning {
  sorter: FileSorter
  values: ColumnValues
  signal: AbortSignal
}

async function* withColumns(
  files: AsyncIterable<FileEntry> | Iterable<FileEntry>,
  { sorter, values, signal }: Planning,
): AsyncGenerator<PlannedFile> {
  for await (const file of files) {
    signal.throwIfAborted()
    const { shape, fileNo } = file
    if (!shape) throw sluiceError('count_mismatch', { problem: `${file.name} was never staged` })
    const placed = sorter.columnsOf(file, shape)
    if (placed === null) continue
    sorter.read(file, shape)
    const format = formatOf(shape.reading)
    const { columns, constants } = placed
    addValues(values, { fileNo, shape }, placed)
    yield {
      fileNo,
      shape,
      columns: columns.filter(Boolean),
      constants,
      reading: format.ofUnit(shape.reading, columns),
    }
  }
}

async function addPages(
  tx: Connection,
  ingestId: string,
  units: AsyncIterable<Unit>,
): Promise<Planned> {
  let page: Unit[] = []
  let written = 0
  let splits = 0
  let records = 0
  const flush = async () => {
    if (page.length > 0) await addUnits(tx, ingestId, written, page)
    written += page.length
    splits = 0
    page = []
  }
  for await (const unit of units) {
    records += unit.records
    splits += unit.splits.length
    page.push(unit)
    if (page.length >= pageUnits || splits >= pageSplits) await flush()
  }
  await flush()
  return { units: written, records }
}

interface Landing {
  ingestId: string
  entry: IngestEntry
  target: TargetTable | null
  layout: Layout
  values: ColumnValues
  /** The size of all staged files. */
  bytes: number
}

type Made = Pick<IngestEntry, 'traced' | 'unlogged'> & { columns: Column[] }

async function makeLanding(tx: Connection, landing: Landing): Promise<Made & { landing: string }> {
  const { ingestId, entry, target, layout } = landing
  const { into, table: name } = targetOf(entry.spec)
  const table: TableName = into.atomic ? landingName(ingestId, name) : name
  if (target) {
    const made = await landLike(tx, table, { ...landing, target })
    return { ...made, landing: quoteTable(table) }
  }
  if (!layout.columns) throw sluiceError('source_without_records', { table: showTable(name) })
  const names = layout.columns.map((column) => column.name)
  const columns = await typesOf(tx, landing, names)
  await createTable(tx, table, columns, { landing: into.atomic })
  return { columns, landing: quoteTable(table), traced: false, unlogged: false }
}

/** For a target that is there: its columns, and those that the files bring. */
async function landLike(
  tx: Connection,
  table: TableName,
  landing: Landing & { target: TargetTable },
): Promise<Made> {
  const { ingestId, target, layout, entry, bytes } = landing
  const { into, table: name } = targetOf(entry.spec)
  // A table that will be swapped needs all its columns; else those that are filled will do.
  const all = modes[into.mode].mayTakePlace(target)
  const columns = target.columns.filter(
    (column) => !column.generated && (all || layout.used.has(column.name)),
  )
  const wantsPlaces = (entry.spec.expect ?? []).length > 0
  const traced = into.atomic && !all && (wantsPlaces || (await mayRefuse(tx, name, columns)))
  const added = await typesOf(tx, landing, [...layout.added])
  if (added.length > 0 && !target.owned) {
    const problem = `only its owner may add columns (${[...layout.added].join(', ')})`
    throw sluiceError('target_not_writable', { table: showTable(name), problem })
  }
  const unlogged = into.atomic && !all && bytes >= unloggedBytesMin
  if (into.atomic) {
    await dropTable(tx, table)
    await createLike(tx, table, columns, { traced, unlogged })
  }
  if (unlogged) await enterUnlogged(tx, ingestId)
  await addColumns(tx, table, added)
  const brought = added.map((column) => ({ ...column, added: true }))
  return { columns: [...columns, ...brought], traced, unlogged }
}

/** Types of columns that do not exist yet, as the spec wants them found. */
async function typesOf(tx: Connection, landing: Landing, names: string[]): Promise<Column[]> {
  const { ingestId, values, entry } = landing
  const { into } = targetOf(entry.spec)
  if (into.types === 'text') return names.map((name) => ({ name, type: 'text' }))
  return guessColumns(tx, ingestId, { values, names, entry })
}
