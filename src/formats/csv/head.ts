/**
 * The head of a file: how it is written, what its columns are called, and where its data starts.
 *
 * The width of a file is that of most records of its head. The first record is no better than
 * the others: without a header, one of another width is a reject like any other.
 */

import { type Note, noteOf } from '../../errors/notes.ts'
import { sluiceError } from '../../errors.ts'
import type { Dialect } from './dialect.ts'
import { headGuesses } from './headGuesses.ts'
import { marksOf, withoutBom } from './marks.ts'
import { notCsv } from './notCsv.ts'
import type { CsvOptions } from './options.ts'
import { bodyOf, type RecordSpan, soundRecords } from './records.ts'
import type { ScanStart } from './scan.ts'
import { countOf, refuseBinary } from './sniff/bytes.ts'
import { uncommented } from './sniff/comments.ts'
import { shownDelimiter } from './sniff/delimiter.ts'
import { fitNames, joinNames, namesIn, otherwiseNamed } from './sniff/names.ts'
import { type HeadRecord, headRecords, widthOfMost } from './sniff/records.ts'
import { sniff } from './sniff/sniff.ts'
import type { Sniffed } from './sniff/terms.ts'

const columnsMax = 1600
const headBytesMax = 1 << 20
/** Enough to see how wide records are: as many, in as many bytes unless one is longer. */
const recordsMax = 1000
const sampleBytes = 1 << 18

export interface Head extends Pick<Sniffed, 'dialect' | 'notes'> {
  /** Column names as the file has them, or as the spec gives them; null without any. */
  header: string[] | null
  /** Fields of most records; 0 when there is none. */
  width: number
  start: ScanStart
  /** See Sniffed; absent where the dialect was known before. */
  takesNumbers?: boolean
  takesDates?: boolean
}

interface HeadFile {
  name: string
  sizeBytes: number
}

/**
 * @param bytes the first ones of the file: the more the better, up to 1 MiB
 * @throws not_csv, dialect_invalid, columns_too_many
 */
export function readHead(bytes: Buffer, file: HeadFile, format: CsvOptions): Head {
  const head = withoutBom(bytes.subarray(0, headBytesMax))
  const whole = bytes.length <= headBytesMax && isWhole(bytes, file)
  const { dialect, notes, ...open } = sniff(head, format, file.name, whole)
  const { head: read, records } = headBy(bytes, file, dialect)
  const told = [...headGuesses({ dialect, records }, format, file.name), ...read.notes, ...notes]
  return { ...read, ...open, notes: told }
}

/**
 * The same for a file of which is known how it is written.
 * @throws not_csv, columns_too_many
 */
export const readHeadBy = (bytes: Buffer, file: HeadFile, dialect: Dialect): Head =>
  headBy(bytes, file, dialect).head

/** The head, and the records of its header. */
function headBy(
  bytes: Buffer,
  file: HeadFile,
  dialect: Dialect,
): { head: Head; records: Buffer[] } {
  const head = withoutBom(bytes.subarray(0, headBytesMax))
  // How it is written is known: then it is taken for what it is said to be.
  refuseBinary(head, file.name, dialect)
  const body = bodyOf(head, dialect)
  const whole = bytes.length <= headBytesMax && isWhole(bytes, file)
  const before = Math.min(bytes.length, headBytesMax) - body.length
  const { records, end, lines } = firstRecords(body, dialect, { file: file.name, whole })
  const data = sampleOf(body.subarray(end), dialect, whole)
  const skipped = countLines(head.subarray(0, head.length - body.length), dialect)
  const place = { file: file.name, lines: skipped + lines }
  const found = columnsOf(records, data, dialect, place)
  if (found.width > columnsMax) {
    throw sluiceError('columns_too_many', { file: file.name, count: found.width })
  }
  const blankIsRecord = found.width === 1
  const start = { offset: before + end, lines: place.lines, blankIsRecord }
  return { head: { dialect: withHeaders(records, dialect), ...found, start }, records }
}

function withHeaders(records: readonly Buffer[], dialect: Dialect): Dialect {
  if (!dialect.repeatedHeaders) return dialect
  return { ...dialect, repeatedHeaders: records.map((record) => namesIn(record, dialect)) }
}

const isWhole = (bytes: Buffer, file: HeadFile): boolean => bytes.length >= file.sizeBytes

interface First {
  /** Those of the header, without their line ends; none without a header. */
  records: Buffer[]
  /** Where the data starts, and the physical lines in front of it. */
  end: number
  lines: number
}

/** @throws not_csv */
function firstRecords(
  body: Buffer,
  dialect: Dialect,
  { file, whole }: { file: string; whole: boolean },
): First {
  const wanted = dialect.header ? (dialect.headerRows ?? 1) : 0
  const records: Buffer[] = []
  const isCut = (span: RecordSpan) => span.next >= body.length && !whole
  for (const span of soundRecords(body, dialect, { recordBytesMax: body.length })) {
    if (span.blank) continue
    if (isCut(span)) {
      const problem = `its first record is longer than ${body.length} bytes, or its quote never closes`
      throw notCsv(file, problem)
    }
    if (wanted === 0) return { records, end: span.start, lines: span.lines }
    records.push(body.subarray(span.start, span.end))
    const { start, next: end, lines } = span
    if (records.length < wanted) continue
    return { records, end, lines: lines + countLines(body.subarray(start, end), dialect) }
  }
  if (!whole && records.length === 0) {
    const problem = `its first ${body.length} bytes hold no record`
    throw notCsv(file, problem)
  }
  return { records, end: body.length, lines: countLines(body, dialect) }
}

/** The last line may lack its end. */
function countLines(bytes: Buffer, dialect: Dialect): number {
  const { newline } = marksOf(dialect)
  return countOf(bytes, newline) + (bytes.length > 0 && bytes.at(-1) !== newline ? 1 : 0)
}

function sampleOf(body: Buffer, dialect: Dialect, whole: boolean): HeadRecord[] {
  const few = body.subarray(0, sampleBytes)
  const isAll = few.length === body.length
  const records = headRecords(few, dialect, { whole: whole && isAll, most: recordsMax })
  const enough = isAll || records.length > 1
  const found = enough ? records : headRecords(body, dialect, { whole, most: recordsMax })
  const sound = found.filter(({ broken }) => !broken)
  // Where all are broken, they still have a width: each of them is a reject, and none is lost.
  return sound.length > 0 ? sound : found
}

/** Where a header is: its file, and the physical lines down to its end. */
interface Place {
  file: string
  lines: number
}

/** The records of a header whose first name begins with the mark of a comment, without that. */
function withoutMark(
  records: Buffer[],
  data: readonly HeadRecord[],
  dialect: Dialect,
  { file, lines }: Place,
): { plain: Buffer[]; notes: Note[] } {
  const [first, ...others] = records as [Buffer, ...Buffer[]]
  const plain = uncommented(first)
  if (plain === first) return { plain: records, notes: [] }
  const mark = first.toString('latin1', 0, first.length - plain.length).trim()
  // Records may begin with it as well.
  if (data.some(({ values }) => values[0]?.startsWith(mark))) return { plain: records, notes: [] }
  // Where a blank is the delimiter the mark may be a name of its own.
  const { width } = widthOfMost(data.map(({ values }) => values.length))
  const count = namesIn(plain, dialect).length
  const isName = count !== width && namesIn(first, dialect).length !== count
  if (isName) return { plain: records, notes: [] }
  return { plain: [plain, ...others], notes: [noteOf('header_commented', { file, mark, lines })] }
}

function columnsOf(
  records: Buffer[],
  data: HeadRecord[],
  dialect: Dialect,
  place: Place,
): Pick<Head, 'header' | 'width' | 'notes'> {
  const { names, ragged } = dialect
  const { file } = place
  if (names) return { header: names, width: names.length, notes: [] }
  if (records.length > 0) {
    const { plain, notes } = withoutMark(records, data, dialect, place)
    const found = plain.map((record) => namesIn(record, dialect))
    const other = otherwiseNamed(plain, found, data, dialect)
    if (!other) {
      const fitted = fitNames(joinNames(found), data, { file, ragged })
      return { ...fitted, notes: [...notes, ...fitted.notes] }
    }
    const { names: header, delimiter } = other
    const shown = shownDelimiter(delimiter)
    const told = [...notes, noteOf('header_otherwise', { file, shown })]
    return { header, width: header.length, notes: told }
  }
  const { width } = widthOfMost(data.map(({ values }) => values.length))
  return { header: null, width, notes: [] }
}
