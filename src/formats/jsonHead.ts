/** What the first records of a file say: the keys that they have, and whether it has any. */
import { sluiceError } from '../errors.ts'
import { bomBytes } from './bom.ts'
import { documentOf } from './document.ts'
import { encodingNotes } from './encodingNotes.ts'
import type { Head, HeadFile, Known, Sample } from './format.ts'
import { type Fields, JsonFields, type JsonReading } from './jsonFields.ts'
import type { JsonOptions } from './jsonOptions.ts'
import type { RecordAt } from './reader.ts'

/** Enough to see which keys records have: as many, in as many bytes unless one is longer. */
const recordsMax = 1000
const sampleBytes = 1 << 18

/** What a format of objects says of the head of a file. */
export interface HeadRecords<R extends JsonReading> {
  /** Without keys. */
  reading: R
  /** Where its records start, and the physical lines in front of them. */
  start: { offset: number; lines: number }
  /** From there; the last one may be cut. */
  records: Iterable<RecordAt>
  /** Where the scan is to look for them; absent where they start there. */
  at?: string[]
}

type Look<R extends JsonReading> = (file: HeadFile, options: JsonOptions) => HeadRecords<R>

/** By the file's own bytes alone. @throws what `look` throws, columns_too_many */
export function ownHead<R extends JsonReading>(
  file: HeadFile,
  options: JsonOptions,
  look: Look<R>,
): Head<R> {
  const found = look(file, options)
  return headOf(file, found, fieldsOf(file, found.reading, found))
}

/**
 * As one file of several: the keys of the first table come first, in its order, so that files of one
 * kind share units whatever the order of their keys.
 */
export function headAmong<R extends JsonReading>(
  file: HeadFile,
  { options, reading: first }: Pick<Known<JsonOptions, R>, 'options' | 'reading'>,
  look: Look<R>,
): { head: Head<R> } | { leftOut: string } {
  const what = file.isNamed ? null : documentOf(file.bytes)
  if (what !== null && !what.includes('JSON')) return { leftOut: what }
  const found = look(file, options)
  const { reading } = found
  const own = fieldsOf(file, reading, found)
  const known = new Set(first?.keys.map((path) => JSON.stringify(path)))
  const isAlike = own.width === 0 || own.keys.some((path) => known.has(JSON.stringify(path)))
  if (!first || !isAlike || file.bytes.length === 0) {
    return { head: headOf(file, found, own) }
  }
  const both = { ...reading, keys: first.keys }
  return { head: headOf(file, found, fieldsOf(file, both, look(file, options))) }
}

function fieldsOf<R extends JsonReading>(
  { name, bytes, whole }: HeadFile,
  reading: R,
  { start, records }: Pick<HeadRecords<R>, 'start' | 'records'>,
): Fields {
  const fields = new JsonFields(name, reading)
  for (const { line, start: from, end, next } of records) {
    if (fields.records > 0 && (fields.records >= recordsMax || from > sampleBytes)) break
    const isCut = next + start.offset >= bytes.length && !whole
    if (!isCut) fields.add(bytes, from + start.offset, end + start.offset, line)
  }
  return fields.fields()
}

const headOf = <R extends JsonReading>(
  file: HeadFile,
  { reading, start, at }: Omit<HeadRecords<R>, 'records'>,
  { keys, header, width, sparse }: Fields,
): Head<R> => ({
  reading: { ...reading, keys },
  header,
  width,
  start,
  ...(sparse && { sparse }),
  ...(at && { at }),
  notes: encodingNotes(file),
})

/** The bytes behind a mark, and how long that is. */
export function bodyOf(bytes: Buffer): { body: Buffer; offset: number } {
  const offset = bomBytes(bytes)
  return { body: bytes.subarray(offset), offset }
}

/** The first records of a file whose data begins where its head says. */
export function sampleOf(
  bytes: Buffer,
  { start }: Pick<Head, 'start'>,
  {
    spans,
    whole,
    recordsMax: most,
  }: {
    spans: (body: Buffer, lines: number) => Iterable<RecordAt>
    whole: boolean
    recordsMax: number
  },
): Sample {
  const body = bytes.subarray(start.offset)
  let end = 0
  let count = 0
  for (const { next } of spans(body, start.lines)) {
    if ((next >= body.length && !whole) || count >= most) break
    end = next
    count++
  }
  return { bytes: body.subarray(0, end), lines: start.lines }
}

const shownChars = 60

/** A file that has nothing of what its format is made of. */
export function notJson(file: string, format: string, bytes: Buffer): Error {
  const what = documentOf(bytes)
  const near = bytes
    .toString('utf8', 0, 4 * shownChars)
    .trim()
    .slice(0, shownChars)
  const problem = what ? `it is ${what}` : `it begins with ${JSON.stringify(near)}`
  return sluiceError('not_json', { file, format, problem })
}
