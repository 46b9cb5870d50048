/** Reads the rows of unfolded files, which are lines of COPY text. */
import type { Column } from '../domain/columns.ts'
import { rejectReason } from '../errors/rejects.ts'
import { writtenLine, writtenValues } from './copyText.ts'
import { ByteCheck } from './faults.ts'
import { linesOf } from './lines.ts'
import type { Broken, CopyCount, Fault, Reader, RecordAt, Written } from './reader.ts'
import { type ArrayFields, arrayFields, withArrays } from './unfoldedArrays.ts'

const newline = 10
const tab = 9

export function unfoldedReader(columns: readonly Column[]): Reader {
  const arrays = arrayFields(columns)
  return {
    ...readerOf(columns),
    // A list of JSON has to be written as an array.
    asIs: arrays ? null : { copy: { format: 'text' }, suits: null, count },
    write: (slice, before) => written(slice, before, arrays),
  }
}

const readerOf = (columns: readonly Column[]): Omit<Reader, 'asIs' | 'write'> => ({
  changesTerms: false,
  records: linesOf,
  values: writtenValues,
  width: (record) => tabsIn(record) + 1,
  ragged: () => ({ dropped: [], isPadded: false }),
  isPart: () => false,
  rawOf: (record) => rawOf(record, columns),
  recordOf: (raw) => recordOf(raw, columns),
})

function count(): CopyCount {
  let copyLine = 0
  return function* (slice, before) {
    for (const { line, start, end } of linesOf(slice, before)) {
      yield { line, start, end, copyLine: ++copyLine }
    }
  }
}

function written(slice: Buffer, before: number, arrays: ArrayFields | null): Written {
  const check = new ByteCheck(slice)
  const sound: RecordAt[] = []
  const broken: Broken[] = []
  for (const record of linesOf(slice, before)) {
    const { start, end, line } = record
    const fault = check.fault(start, end)
    if (fault) broken.push({ ...fault, line, raw: slice.subarray(start, end) })
    else sound.push(record)
  }
  const ended = slice.at(-1) === newline ? slice : Buffer.concat([slice, Buffer.of(newline)])
  const isWhole = broken.length === 0 && !arrays
  const lineOf = ({ start, end }: RecordAt) => ended.subarray(start, end + 1)
  const lines = isWhole
    ? null
    : sound.map((record) => (arrays ? withArrays(lineOf(record), arrays) : lineOf(record)))
  const bytes = lines ? Buffer.concat(lines) : ended
  let size = 0
  return {
    bytes: slice.length > 0 ? bytes : slice,
    ends: sound.map(({ start, end }, at) => (size += lines?.[at]?.length ?? end + 1 - start)),
    lines: sound.map(({ line }) => line),
    starts: sound.map(({ start }) => start),
    rawEnds: sound.map(({ end }) => end),
    broken,
  }
}

function tabsIn(record: Buffer): number {
  let tabs = 0
  for (let at = record.indexOf(tab); at >= 0; at = record.indexOf(tab, at + 1)) tabs++
  return tabs
}

/** A line of JSON with each value as a text, so that a number keeps its digits. */
function rawOf(record: Buffer, columns: readonly Column[]): Buffer {
  const values = writtenValues(record)
  // Names that are numbers would change their places in an object.
  const members = columns.map(({ name }, at) => [name, values[at] ?? null] as const)
  const texts = members.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`)
  return Buffer.from(`{${texts.join(', ')}}`)
}

function recordOf(raw: Buffer, columns: readonly Column[]): Buffer | Fault {
  const fault = (problem: string): Fault => ({
    ...rejectReason('raw_unreadable', { problem }),
    column: null,
  })
  let row: Record<string, unknown>
  try {
    row = JSON.parse(raw.toString()) as Record<string, unknown>
  } catch (error) {
    return fault((error as Error).message)
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return fault('it is no object')
  const names = new Set(columns.map(({ name }) => name))
  const unknown = Object.keys(row).find((name) => !names.has(name))
  if (unknown !== undefined) return fault(`it has no column ${JSON.stringify(unknown)}`)
  const values: (string | null)[] = []
  for (const { name } of columns) {
    const value = Object.hasOwn(row, name) ? row[name] : null
    // A number has lost digits by now, if it had many.
    if (typeof value === 'number')
      return fault(`the number in ${JSON.stringify(name)} wants quotes`)
    values.push(textOf(value))
  }
  return Buffer.from(writtenLine(values))
}

function textOf(value: unknown): string | null {
  if (value === null || typeof value === 'string') return value
  return JSON.stringify(value)
}
