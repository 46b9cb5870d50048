/**
 * A unit in parts: which of its records kills workers is found by loading fewer and fewer of them.
 *
 * Every byte of the unit is in exactly one part. A line that staging gave up and a record that is
 * too long count like a record here: they, too, are read when the unit is loaded.
 */
import type { Split, Unit } from '../../domain/words.ts'
import { soundRecords } from './records.ts'
import { recordBytesMax } from './shape.ts'

/** What a unit is made of, in bytes of its file. Blank lines lie in between. */
export interface Item {
  fileNo: number
  start: number
  /** Behind its last byte; its line end may be among them. */
  end: number
  /** Counted from 1. */
  line: number
  kind: 'record' | 'broken' | 'flaw'
  /** Its quotes are text: COPY must not read it as it is. */
  odd?: boolean
}

export type ReadSlice = (split: Split) => Promise<Buffer>

/** Records, lines that staging gave up, and records that are too long. */
export const itemCount = ({ records, broken, flaws }: Unit): number =>
  records + broken + flaws.length

/** In order, the flaws last. One slice is in memory at a time. */
export async function* itemsOf(unit: Unit, read: ReadSlice): AsyncGenerator<Item> {
  for (const split of unit.splits) {
    yield* itemsOfSplit(await read(split), split, unit)
  }
  for (const { fileNo, start, end, line } of unit.flaws) {
    yield { fileNo, start, end, line, kind: 'flaw' }
  }
}

function* itemsOfSplit(
  slice: Buffer,
  { fileNo, start: offset, lines }: Split,
  { dialect, columns }: Unit,
): Generator<Item> {
  for (const span of soundRecords(slice, dialect, { lines, recordBytesMax })) {
    if (span.blank && columns.length > 1) continue
    const { start, next, broken } = span
    const at = { fileNo, start: offset + start, end: offset + next, line: span.lines + 1 }
    yield { ...at, kind: broken ? 'broken' : 'record', odd: span.odd && !broken }
  }
}

/**
 * Cuts a unit into up to `partsMax` parts of about as many items, in order.
 * @returns the unit itself when it has one item, or none
 */
export async function partsOf(unit: Unit, read: ReadSlice, partsMax: number): Promise<Unit[]> {
  let items = 0
  for await (const _ of itemsOf(unit, read)) items++
  const count = Math.min(partsMax, items)
  if (count <= 1) return [unit]
  const parts = Array.from({ length: count }, () => emptyPart(unit))
  let index = 0
  const partAt = (item: number) => parts[Math.floor((item * count) / items)] as Unit
  for (const split of unit.splits) {
    let at: Split = { ...split, records: 0, broken: 0, odd: 0 }
    let part = partAt(Math.min(index, items - 1))
    for (const item of itemsOfSplit(await read(split), split, unit)) {
      const wanted = partAt(index++)
      if (wanted !== part) {
        // Blank lines stay with what is before them.
        if (item.start > at.start) {
          addSplit(part, { ...at, end: item.start })
          at = { ...at, start: item.start, lines: item.line - 1, records: 0, broken: 0, odd: 0 }
        }
        part = wanted
      }
      if (item.odd) at.odd = (at.odd ?? 0) + 1
      if (item.kind === 'record') at.records++
      else at.broken++
    }
    addSplit(part, at)
  }
  for (const flaw of unit.flaws) partAt(index++).flaws.push(flaw)
  return parts
}

const emptyPart = ({ columns, dialect, aside }: Unit): Unit => ({
  splits: [],
  flaws: [],
  columns,
  dialect,
  sizeBytes: 0,
  records: 0,
  broken: 0,
  // Comments may be in any of the parts.
  ...(aside && { aside }),
})

function addSplit(part: Unit, { odd, ...rest }: Split): void {
  const split = odd ? { ...rest, odd } : rest
  part.splits.push(split)
  if (odd) part.odd = (part.odd ?? 0) + odd
  part.sizeBytes += split.end - split.start
  part.records += split.records
  part.broken += split.broken
}
