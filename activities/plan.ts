/**
 * plan: staged files → units in the ledger, and the landing table that they are loaded into.
 *
 * A plan may grow: the files that are staged so far get their units while others are still being
 * staged. The last word is that of a plan over all files, which is the same either way.
 */
import { ColumnValues } from '../src/domain/columnValues.ts'
import { type Growing, planUnits, unitBytes } from '../src/domain/plan.ts'
import { shortSize, shortText } from '../src/domain/shortText.ts'
import { quoteTable } from '../src/domain/table.ts'
import type { Connection } from '../src/postgres/db.ts'
import { eachFile, eachStaged, type FileEntry, sumFileBytes } from '../src/postgres/ledger/files.ts'
import type { NewList } from '../src/postgres/ledger/firstTable.ts'
import { enterPhase, type IngestEntry, mustBeActive } from '../src/postgres/ledger/ingests.ts'
import { addNotes } from '../src/postgres/ledger/notes.ts'
import { lockToGrow, recordPlanned } from '../src/postgres/ledger/plan.ts'
import { describeUnits, sumPlan } from '../src/postgres/ledger/units.ts'
import { modes } from '../src/postgres/modes/index.ts'
import { alone } from '../src/postgres/sessions.ts'
import { shapeFor } from '../src/postgres/target/declared.ts'
import { readRelied } from '../src/postgres/target/relied.ts'
import { readTarget } from '../src/postgres/target/target.ts'
import { enterUndo } from '../src/postgres/undo/written.ts'
import { FileSorter } from '../src/spec/files/sorter.ts'
import { layoutOf } from '../src/spec/files/unlike.ts'
import { factsOf } from '../src/spec/spec.ts'
import { type Attempt, mustNotBePaused, type VerbInput } from './attempt/attempt.ts'
import { underLock } from './attempt/underLock.ts'
import { addPages, withColumns } from './plan/files.ts'
import { changeInPlace, isAsNeeded, makeAnew } from './plan/fit.ts'
import { type Landing, makeLanding, neededLanding, targetOf } from './plan/landing.ts'
import { judgeSpec } from './plan/suits.ts'

export interface Planned {
  units: number
  /** Data records that staging counted. */
  records: number
  /** What the first units hold, as the Temporal Web UI shows it: `trips.csv · 8.4 MB`. */
  labels?: string[]
  /** How often the landing table was made anew, since when no unit has a receipt; never if absent. */
  remade?: number
  /** The landing table does not suit the values that were staged last: no unit is to be loaded. */
  held?: boolean
}

export interface PlanInput extends VerbInput {
  /** The files that are staged so far, in their order; else all of them. */
  part?: boolean
}

/** They pass through Temporal, so there are few of them, and they are short. */
const labelsMax = 100

/** A landing table is made anew while files are staged as long as little was loaded into it. */
const remadeMax = 3
const remadeShare = 1 / 8

/**
 * Plans once: a later attempt finds the plan in the ledger and returns it.
 *
 * A part of the plan is for a landing table that does not suit any more. It is changed, or made anew:
 * no load of the ingest may be under way. Where that would cost too much, units have to wait for the
 * plan of all files.
 */
export async function planIngest(attempt: Attempt, input: PlanInput): Promise<Planned> {
  const { db, signal } = attempt
  const { ingestId, part = false } = input
  if (!part) await enterPhase(db, ingestId, 'plan')
  return underLock(attempt, { ingestId, what: 'plan' }, async (tx, entry) => {
    mustBeActive(ingestId, entry)
    if (isComplete(entry)) return plannedBefore(tx, ingestId, entry)
    mustNotBePaused(input, entry.state)
    const work = { ingestId, entry, signal, ...(part && { part: 'adapt' as const }) }
    const { planned } = await planIn(tx, work)
    return labelled(tx, ingestId, planned)
  })
}

/**
 * Adds units for the files that are staged by now, in their order, up to the first one that is not.
 * Loads may be under way.
 */
export function growPlan(
  { db, signal }: Attempt,
  { ingestId, lotNo }: { ingestId: string; lotNo: number },
): Promise<Planned> {
  return alone(
    db,
    { ingestId, what: `grow ${lotNo}`, signal },
    (tx) => lockToGrow(tx, ingestId),
    async (tx, entry) => {
      mustBeActive(ingestId, entry)
      if (isComplete(entry)) return plannedBefore(tx, ingestId, entry)
      const { planned } = await planIn(tx, { ingestId, entry, signal, part: 'grow' })
      return entry.units < labelsMax ? labelled(tx, ingestId, planned) : planned
    },
  )
}

const isComplete = ({ landing, growing }: IngestEntry): boolean => landing !== null && !growing

async function plannedBefore(
  tx: Connection,
  ingestId: string,
  entry: IngestEntry,
): Promise<Planned> {
  const planned = await sumPlan(tx, ingestId)
  return labelled(tx, ingestId, { ...planned, ...madeAnew(entry) })
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
  /**
   * Only the files that are staged so far. `grow`: the landing table stays as it is; `adapt`: it may be
   * changed or made anew. If absent, all files, and it must suit them in the end.
   */
  part?: 'grow' | 'adapt'
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
  work: PlanWork,
): Promise<{ planned: Planned; entry: IngestEntry }> {
  const { ingestId, entry, signal, known, part } = work
  const { spec } = entry
  const { into, table } = targetOf(spec)
  const isNew = known?.isNew ?? false
  const before = isNew ? null : await readRelied(tx, table)
  const target = isNew ? null : await readTarget(tx, table, into)
  const declared = await shapeFor(tx, into, target)
  const layout = layoutOf(spec, target?.columns ?? null)
  const sorter = new FileSorter(layout, { ...entry, ingestId })
  const values = new ColumnValues()
  const from = entry.growing ?? beginning
  const { staged, bytes } = await filesOf(tx, work)
  const files = withColumns(staged.files(), { into, sorter, values, signal, from })
  const added = await addPages(
    tx,
    { ingestId, firstNo: entry.units },
    planUnits(files, (plannedBytes) => unitBytes(bytes)(from.sizeBytes + plannedBytes)),
  )
  const planned = entry.growing ? await sumPlan(tx, ingestId) : added
  // There is nothing yet that could be loaded.
  if (part && planned.units === 0) return { planned: countsIn(planned), entry }
  const notes = part ? [] : sorter.notes(factsOf(spec).paths.join(', '))
  const needed = await neededLanding(tx, {
    ...{ ingestId, entry, target, layout, values, bytes, declared },
    isPart: part !== undefined,
  })
  const sizeBytes = from.sizeBytes + added.sizeBytes
  const { held, ...made } = await adapt(tx, {
    ...{ ingestId, entry, needed, part, share: sizeBytes / bytes },
    // Rows that go straight into the target rely on it as it is from now on.
    relied: into.atomic ? before : await readRelied(tx, table),
  })
  const growing = part ? { ...staged.passed, sizeBytes } : null
  const recorded = { ...made, growing, units: added.units }
  await recordPlanned(tx, ingestId, recorded, known?.list)
  const suiting = { ingestId, entry: { ...entry, ...made }, target }
  await judgeSpec(tx, suiting, { part, isFirst: entry.landing === null })
  if (!part) {
    await enterWritten(tx, { ingestId, entry }, !target)
    const told = target ? await modes[into.mode].notes(tx, table) : []
    await addNotes(tx, ingestId, [...needed.notes, ...notes, ...told])
  }
  return {
    planned: { ...countsIn(planned), ...madeAnew(made), ...(held && { held }) },
    entry: { ...entry, ...made, growing, units: entry.units + added.units },
  }
}

/** Rows that go straight into the target are there before publish: undo is to find them. */
async function enterWritten(
  tx: Connection,
  { ingestId, entry }: Pick<PlanWork, 'ingestId' | 'entry'>,
  made: boolean,
): Promise<void> {
  const { into, table } = targetOf(entry.spec)
  if (!into.undo || into.atomic) return
  await enterUndo(tx, ingestId, { target: table, made, keys: null, into })
}

const beginning: Growing = { files: 0, sizeBytes: 0 }

const countsIn = ({ units, records }: Pick<Planned, 'units' | 'records'>) => ({ units, records })

const madeAnew = ({ remade }: Pick<IngestEntry, 'remade'>): Pick<Planned, 'remade'> =>
  remade > 0 ? { remade } : {}

async function filesOf(
  tx: Connection,
  { ingestId, known, part }: Omit<PlanWork, 'entry' | 'signal'>,
): Promise<{ staged: Staged; bytes: number }> {
  if (known) {
    const bytes = known.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    return { staged: new Staged(known.files), bytes }
  }
  const staged = new Staged((part ? eachStaged : eachFile)(tx, ingestId))
  return { staged, bytes: await sumFileBytes(tx, ingestId) }
}

/** Files on their way into a plan. */
class Staged {
  readonly #files: AsyncIterable<FileEntry> | Iterable<FileEntry>
  /** So many went by: their numbers have no gap. Of the one behind them there may be a part. */
  passed: Pick<Growing, 'files' | 'offset'> = { files: 0 }

  constructor(files: AsyncIterable<FileEntry> | Iterable<FileEntry>) {
    this.#files = files
  }

  async *files(): AsyncGenerator<FileEntry> {
    for await (const file of this.#files) {
      yield file
      const { fileNo, isStaged, shape } = file
      const offset = shape?.cuts.at(-1)?.offset
      const isPart = !isStaged && offset !== undefined
      this.passed = isPart ? { files: fileNo, offset } : { files: fileNo + 1 }
    }
  }
}

interface Adapting {
  ingestId: string
  entry: IngestEntry
  needed: Landing
  part: PlanWork['part']
  /** How much of the ingest has units. */
  share: number
  relied: IngestEntry['relied']
}

type Made = Pick<IngestEntry, 'traced' | 'unlogged' | 'remade' | 'relied'> & {
  columns: NonNullable<IngestEntry['columns']>
  landing: string
}

/**
 * Makes the landing table that is needed, if there is another one or none.
 * @returns what there is then; `held`: another one is needed, and was not made
 */
async function adapt(
  tx: Connection,
  { ingestId, entry, needed, part, share, relied }: Adapting,
): Promise<Made & { held: boolean }> {
  const { table, columns, traced, unlogged } = needed
  const { remade } = entry
  const landing = quoteTable(table)
  const adapting = { ingestId, entry, needed, isPart: part !== undefined }
  if (entry.landing === null || !entry.columns) {
    await makeLanding(tx, adapting, needed)
    return { columns, landing, traced, unlogged, remade, relied, held: false }
  }
  const there = { ...{ landing, remade }, traced: entry.traced, unlogged: entry.unlogged }
  const asIs = { ...there, columns: entry.columns, relied: entry.relied }
  if (isAsNeeded(entry, needed)) return { ...asIs, ...(!part && { relied }), held: false }
  if (part === 'grow') return { ...asIs, held: true }
  if (await changeInPlace(tx, adapting)) return { ...there, columns, relied, held: false }
  const isTooLate = remade >= remadeMax || share > remadeShare
  if (part && isTooLate) return { ...asIs, held: true }
  await makeAnew(tx, adapting)
  return { columns, landing, traced, unlogged, relied, remade: remade + 1, held: false }
}
