/**
 * A unit in parts: which of its records kills workers is found by loading fewer and fewer of them.
 *
 * Every byte of the unit is in exactly one part. A line that staging gave up and a record that is
 * too long count like a record here: they, too, are read when the unit is loaded.
 */
import { emptyUnit } from '../../src/domain/plan.ts'
import type { Split, Unit } from '../../src/domain/words.ts'
import { readerOf } from '../../src/formats/index.ts'
import type { Reader } from '../../src/formats/reader.ts'

/** What a unit is made of, in bytes of its file. Blank lines lie in between. */
export interface Item {
  fileNo: number
  start: number
  /** Behind its last byte; its line end may be among them. */
  end: number
  /** Counted from 1. */
  line: number
  kind: 'record' | 'broken' | 'flaw'
  /** COPY must not read it as it is. */
  odd?: boolean
}

export type ReadSlice = (split: Split) => Promise<Buffer>

/** Records, lines that staging gave up, and records that are too long. */
export const itemCount = ({ records, broken, flaws }: Unit): number =>
  records + broken + flaws.length

/** In order, the flaws last. One slice is in memory at a time. */
export async function* itemsOf(unit: Unit, read: ReadSlice): AsyncGenerator<Item> {
  const reader = readerOfUnit(unit)
  for (const split of unit.splits) {
    yield* itemsOfSplit(await read(split), split, reader)
  }
  for (const { fileNo, start, end, line } of unit.flaws) {
    yield { fileNo, start, end, line, kind: 'flaw' }
  }
}

function* itemsOfSplit(
  slice: Buffer,
  { fileNo, start: offset, lines }: Split,
  reader: Reader,
): Generator<Item> {
  for (const { line, start, next, broken, odd } of reader.records(slice, lines)) {
    const at = { fileNo, start: offset + start, end: offset + next, line }
    yield { ...at, kind: broken ? 'broken' : 'record', odd: odd && !broken }
  }
}

/** Where the records are does not depend on the types of their columns. */
const readerOfUnit = ({ reading, columns }: Unit): Reader =>
  readerOf(
    reading,
    columns.map((name) => ({ name, type: 'text' })),
  )

/**
 * Cuts a unit into up to `partsMax` parts of about as many items, in order.
 * @returns the unit itself when it has one item, or none
 */
export async function partsOf(unit: Unit, read: ReadSlice, partsMax: number): Promise<Unit[]> {
  let items = 0
  for await (const _ of itemsOf(unit, read)) items++
  const count = Math.min(partsMax, items)
  if (count <= 1) return [unit]
  const reader = readerOfUnit(unit)
  const parts = Array.from({ length: count }, () => emptyPart(unit))
  let index = 0
  const partAt = (item: number) => parts[Math.floor((item * count) / items)] as Unit
  for (const split of unit.splits) {
    const first = partAt(Math.min(index, items - 1))
    const found = itemsOfSplit(await read(split), split, reader)
    divide(split, first, found, () => partAt(index++))
  }
  for (const flaw of unit.flaws) partAt(index++).flaws.push(flaw)
  return parts
}

/** Gives every item of a split to the next part, with the bytes behind it. */
function divide(split: Split, first: Unit, items: Iterable<Item>, nextPart: () => Unit): void {
  let at: Split = { ...split, records: 0, broken: 0, odd: 0 }
  let part = first
  for (const item of items) {
    const wanted = nextPart()
    // Blank lines stay with what is before them.
    if (wanted !== part && item.start > at.start) {
      addSplit(part, { ...at, end: item.start })
      at = { ...at, start: item.start, lines: item.line - 1, records: 0, broken: 0, odd: 0 }
    }
    part = wanted
    if (item.odd) at.odd = (at.odd ?? 0) + 1
    if (item.kind === 'record') at.records++
    else at.broken++
  }
  addSplit(part, at)
}

/** Comments may be in any of the parts. */
const emptyPart = (unit: Unit): Unit => ({
  ...emptyUnit(unit),
  ...(unit.aside && { aside: unit.aside }),
})

function addSplit(part: Unit, { odd, ...rest }: Split): void {
  const split = odd ? { ...rest, odd } : rest
  part.splits.push(split)
  if (odd) part.odd = (part.odd ?? 0) + odd
  part.sizeBytes += split.end - split.start
  part.records += split.records
  part.broken += split.broken
}
