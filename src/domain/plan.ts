/**
 * The plan: files and sizes in, units out. Pure, so that making it again gives the same units.
 *
 * Neighbouring pieces with one layout are packed until a unit is full; a large file is split
 * where staging cut it. A piece never spans a cut, so every record is in exactly one split.
 */
import type { Constant, FileShape, Flaw, Reading, Split, Unit } from './words.ts'

/** A staged file with the target column of each of its fields. */
export interface PlannedFile {
  fileNo: number
  shape: FileShape
  columns: string[]
  /** Columns that it does not have; none if absent. */
  constants?: Constant[]
  /** Fields that are left out, by their place among the columns; none if absent. */
  dropped?: number[]
  /** What its units keep of its reading: see Format.ofUnit. */
  reading: Reading
  /** What lies before this byte has its units already; nothing if absent. */
  from?: number
}

/** How far a plan has come that grows while files are staged: pieces of files that have units. */
export interface Growing {
  /** All files before this number have units. */
  files: number
  /** Bytes of all units so far. */
  sizeBytes: number
  /** So many bytes of the next file have units, which is staged in parts; none if absent. */
  offset?: number
}

/** More files in one unit would make its ledger row unwieldy. */
const splitsMax = 1000

const mebi = 1024 * 1024

/** One activity stages so much, of several files or of a large one: worth it, and soon tried again. */
export const lotBytes = 64 * mebi

const smallestUnit = 4 * mebi

/**
 * How large a unit should be that begins behind `plannedBytes`. Small ingests still give every
 * worker something to do, and the last tenth comes in small units: no worker waits long for
 * another at the end.
 */
export const unitBytes =
  (totalBytes: number) =>
  (plannedBytes: number): number => {
    const full = Math.min(32 * mebi, Math.max(smallestUnit, Math.ceil(totalBytes / 16)))
    const isLast = plannedBytes >= totalBytes * 0.9
    return isLast ? Math.max(smallestUnit, full / 4) : full
  }

/** Bytes between two cuts of a file: never more than a small unit, while the list stays short. */
export const cutBytes = (fileBytes: number): number =>
  Math.min(16 * mebi, Math.max(smallestUnit, Math.ceil(fileBytes / 4096)))

/** @param sizeAt bytes at which a unit is full that begins behind so many others */
export async function* planUnits(
  files: Iterable<PlannedFile> | AsyncIterable<PlannedFile>,
  sizeAt: (plannedBytes: number) => number,
): AsyncGenerator<Unit> {
  let unit: Unit | null = null
  let layout = ''
  let plannedBytes = 0
  for await (const file of files) {
    const fileLayout = layoutOf(file)
    for (const piece of piecesOf(file)) {
      const isDone = () => isFull(unit as Unit, piece.sizeBytes, sizeAt(plannedBytes))
      if (unit && (layout !== fileLayout || isDone())) {
        yield unit
        plannedBytes += unit.sizeBytes
        unit = null
      }
      unit ??= emptyUnit(file)
      layout = fileLayout
      add(unit, piece)
    }
  }
  if (unit) yield unit
}

interface Piece {
  split: Split | null
  flaw: (Flaw & { fileNo: number }) | null
  sizeBytes: number
}

function* piecesOf({ fileNo, shape, from: begin = 0 }: PlannedFile): Generator<Piece> {
  const flaws = new Map(shape.flaws.map((flaw) => [flaw.start, flaw]))
  for (let index = 1; index < shape.cuts.length; index++) {
    const from = shape.cuts[index - 1] as FileShape['cuts'][number]
    const to = shape.cuts[index] as FileShape['cuts'][number]
    if (from.offset < begin) continue
    const sizeBytes = to.offset - from.offset
    const flaw = flaws.get(from.offset)
    if (flaw?.end === to.offset) yield { split: null, flaw: { ...flaw, fileNo }, sizeBytes: 0 }
    else {
      const split: Split = {
        fileNo,
        start: from.offset,
        end: to.offset,
        lines: from.lines,
        records: to.records - from.records,
        broken: to.broken - from.broken,
        ...some('aside', (to.aside ?? 0) - (from.aside ?? 0)),
        ...some('odd', (to.odd ?? 0) - (from.odd ?? 0)),
      }
      yield { split, flaw: null, sizeBytes }
    }
  }
}

/** Absent where there are none, as nearly everywhere. */
const some = (name: 'aside' | 'odd', count: number): { aside?: number; odd?: number } =>
  count > 0 ? { [name]: count } : {}

/** What the splits of a unit share. */
const layoutOf = ({ columns, constants = [], dropped = [], reading }: PlannedFile): string =>
  JSON.stringify([
    columns,
    constants,
    dropped,
    Object.entries(reading).sort(([a], [b]) => (a < b ? -1 : 1)),
  ])

const isFull = (unit: Unit, nextBytes: number, unitSize: number): boolean =>
  unit.splits.length + unit.flaws.length >= splitsMax ||
  (unit.splits.length > 0 && unit.sizeBytes + nextBytes > unitSize * 1.25) ||
  unit.sizeBytes >= unitSize

/** A unit for files of one layout, with nothing in it. */
export const emptyUnit = ({
  columns,
  constants = [],
  dropped = [],
  reading,
}: Pick<Unit, 'columns' | 'constants' | 'dropped' | 'reading'>): Unit => ({
  splits: [],
  flaws: [],
  columns,
  ...(constants.length > 0 && { constants }),
  ...(dropped.length > 0 && { dropped }),
  reading,
  sizeBytes: 0,
  records: 0,
  broken: 0,
})

/** Columns that a unit fills: those of the fields, and then the others. */
export const filledBy = ({
  columns,
  constants = [],
  dropped = [],
}: Pick<Unit, 'columns' | 'constants' | 'dropped'>) => [
  ...columns.filter((_, at) => !dropped.includes(at)),
  ...constants.map(({ column }) => column),
]

function add(unit: Unit, { split, flaw, sizeBytes }: Piece): void {
  if (flaw) unit.flaws.push(flaw)
  if (!split) return
  // Neighbours stay apart: the repair lane has a split at a time in memory.
  unit.splits.push(split)
  Object.assign(unit, some('aside', (unit.aside ?? 0) + (split.aside ?? 0)))
  Object.assign(unit, some('odd', (unit.odd ?? 0) + (split.odd ?? 0)))
  unit.sizeBytes += sizeBytes
  unit.records += split.records
  unit.broken += split.broken
}
