/** Reads the files of a format as an ingest does: head, scan, cuts, slices, records. */
import fc from 'fast-check'
import { expect } from 'vitest'
import type { Column } from '../../src/domain/columns.ts'
import type { FileShape } from '../../src/domain/words.ts'
import { writtenValues } from '../../src/formats/copyText.ts'
import type { Format, Head } from '../../src/formats/format.ts'
import type { Reader, Written } from '../../src/formats/reader.ts'

type Value = string | null
export type Row = Value[]

export interface Subject {
  format: Format
  /** What a spec says of its files. */
  options: object
  /** How many fields a row has. */
  width: number
  /** Values that a file of these options can have, in a column of text. */
  value: fc.Arbitrary<Value>
  /** The file of these rows. What it writes of the first rows is the start of what it writes of all. */
  write(rows: readonly Row[]): Buffer
  /** What the file has of a row, without its line end. */
  record(row: Row): string
  /** How many lines of `write` are not counted; none if absent. */
  uncounted?: number
  /** A line that is no record, and the code of its reject; null when every line is a record. */
  bad: { raw: string; code: string } | null
}

const headBytes = 1 << 20
export const names = (width: number) => Array.from({ length: width }, (_, at) => `c${at}`)
export const texts = (width: number): Column[] =>
  names(width).map((name) => ({ name, type: 'text' }))
/** The first column is a number: so a value can be wrong. */
export const numbered = (width: number): Column[] =>
  texts(width).map((column, at) => (at === 0 ? { ...column, type: 'integer' } : column))

export function headOf({ format, options }: Subject, bytes: Buffer): Head {
  const head = bytes.subarray(0, headBytes)
  const whole = head.length === bytes.length
  return format.head({ name: 'x', bytes: head, whole, isNamed: true }, options)
}

export interface Sizes {
  chunkBytes: number
  cutBytes: number
}

/** Half of the chunks are tiny, the others are of any size. */
export const sizes: fc.Arbitrary<Sizes> = fc.record({
  chunkBytes: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 9, max: 5000 })),
  cutBytes: fc.integer({ min: 1, max: 400 }),
})

export function shapeOf(
  subject: Subject,
  bytes: Buffer,
  { chunkBytes, cutBytes }: Sizes,
): FileShape {
  const head = headOf(subject, bytes)
  const scan = subject.format.scan(head, { name: 'x', sizeBytes: bytes.length, cutBytes })
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    // A copy, for a chunk is only valid until the next one is read.
    const chunk = Buffer.from(bytes.subarray(at, at + chunkBytes))
    scan.push(chunk)
    chunk.fill(0)
  }
  return scan.shape()
}

interface Slice {
  slice: Buffer
  lines: number
  /** As staging counted them. */
  records: number
  broken: number
}

/** What lies between two cuts; flaws are none. */
export function slicesOf({ cuts, flaws }: FileShape, bytes: Buffer): Slice[] {
  const flawed = new Map(flaws.map(({ start, end }) => [start, end]))
  return cuts.slice(1).flatMap((to, at) => {
    const from = cuts[at] as FileShape['cuts'][number]
    if (flawed.get(from.offset) === to.offset) return []
    const slice = bytes.subarray(from.offset, to.offset)
    const records = to.records - from.records
    return [{ slice, lines: from.lines, records, broken: to.broken - from.broken }]
  })
}

export const readerOf = ({ format }: Subject, { reading }: FileShape, columns: Column[]): Reader =>
  format.reader(format.ofUnit(reading, names(columns.length)), columns)

/** A record as its reject would keep it. */
export const keptOf = ({ rawOf }: Reader, record: string): Buffer =>
  rawOf?.(Buffer.from(record)) ?? Buffer.from(record)

export function rowsOf({ bytes, ends }: Pick<Written, 'bytes' | 'ends'>): Row[] {
  return ends.map((end, at) => writtenValues(bytes.subarray(ends[at - 1] ?? 0, end - 1)))
}

/** Every record of a file, as both lanes find it. */
export function readAll(subject: Subject, bytes: Buffer, given: Sizes) {
  const shape = shapeOf(subject, bytes, given)
  const reader = readerOf(subject, shape, texts(subject.width))
  const rows: Row[] = []
  const rejects: { line: number; code: string; raw: string }[] = []
  const raws: string[] = []
  for (const { slice, lines, records, broken } of slicesOf(shape, bytes)) {
    const found = [...reader.records(slice, lines)]
    const written = reader.write(slice, lines)
    expect(found.length).toBe(records + broken)
    expect(written.lines.length + written.broken.length).toBe(records + broken)
    const all = [...written.lines, ...written.broken.map(({ line }) => line)]
    expect(all.sort((a, b) => a - b)).toEqual(found.map(({ line }) => line))
    raws.push(...found.map(({ start, end }) => slice.toString('utf8', start, end)))
    rows.push(...rowsOf(written))
    for (const { line, code, raw } of written.broken) {
      rejects.push({ line, code, raw: raw.toString() })
    }
  }
  return { shape, reader, rows, rejects, raws }
}

/** The line on which a record starts that has these bytes in front. */
export const lineBehind = ({ uncounted = 0 }: Subject, bytes: Buffer): number =>
  linesIn(bytes) - uncounted + 1

const linesIn = (bytes: Buffer): number => bytes.toString().split(/\r\n|\n|\r/).length - 1
