/**
 * Works out how a CSV file is to be read, from its first bytes and from what the spec gives.
 *
 * The delimiter is the candidate that splits the most records into the same number of fields, at
 * least two. The first record is a header when all its fields are filled, different, and none
 * looks like a value.
 */
import { isUtf8 } from 'node:buffer'
import { looksLikeValue } from '../domain/columns.ts'
import type { Format } from '../domain/format.ts'
import type { Dialect } from '../domain/words.ts'
import { sluiceError } from '../errors.ts'
import { recordsOf, shapeOf, valuesOf } from './records.ts'
import { bom } from './scan.ts'

const candidates = [',', ';', '\t', '|']
const recordsMax = 200

/**
 * @param start the first bytes of the file; 64 KiB are enough
 * @param whole whether `start` is the whole file; if not, its last record may be cut short
 * @throws not_csv, dialect_invalid
 */
export function sniff(start: Buffer, format: Format, file: string, whole: boolean): Dialect {
  const head = start.subarray(0, bom.length).equals(bom) ? start.subarray(bom.length) : start
  refuseBinary(head, file)
  const quote = format.quote ?? '"'
  const newline = sniffNewline(head)
  const base = {
    quote,
    escape: format.escape ?? quote,
    newline,
    nullText: String(format.null ?? ''),
  }
  const guess: Dialect = { ...base, delimiter: format.delimiter ?? ',', header: true }
  const delimiter = format.delimiter ?? sniffDelimiter(head, guess, whole)
  if (delimiter === quote || delimiter === '\n' || delimiter === '\r') {
    throw sluiceError('dialect_invalid', {
      problem: `the delimiter cannot be ${JSON.stringify(delimiter)}`,
    })
  }
  const dialect = { ...guess, delimiter }
  return { ...dialect, header: Boolean(format.header ?? sniffHeader(head, dialect)) }
}

/** The first records of `head` as raw bytes; at most `recordsMax` that are not blank. */
function firstRecords(head: Buffer, dialect: Dialect, whole: boolean): Buffer[] {
  const records: Buffer[] = []
  for (const span of recordsOf(head, dialect)) {
    const cutShort = span.next >= head.length && !whole && records.length > 0
    if (cutShort || records.length >= recordsMax) break
    if (!span.blank) records.push(head.subarray(span.start, span.end))
  }
  return records
}

/** What ends the records, by the first one that ends. */
export function sniffNewline(head: Buffer): Dialect['newline'] {
  const lf = head.indexOf(10)
  if (lf > 0) return head[lf - 1] === 13 ? '\r\n' : '\n'
  return lf < 0 && head.includes(13) ? '\r' : '\n'
}

function sniffDelimiter(head: Buffer, guess: Dialect, whole: boolean): string {
  const scored = candidates.map((delimiter) => {
    const dialect = { ...guess, delimiter }
    const widths = firstRecords(head, dialect, whole).map(
      (record) => shapeOf(record, dialect).fields,
    )
    const width = mostCommon(widths)
    const agreeing = widths.filter((each) => each === width).length
    return { delimiter, score: width < 2 ? 0 : agreeing / widths.length, width }
  })
  scored.sort((a, b) => b.score - a.score || b.width - a.width)
  const best = scored[0]
  return best && best.score > 0 ? best.delimiter : ','
}

function mostCommon(widths: number[]): number {
  const counts = new Map<number, number>()
  for (const width of widths) counts.set(width, (counts.get(width) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0]?.[0] ?? 0
}

function sniffHeader(head: Buffer, dialect: Dialect): boolean {
  const first = firstRecords(head, dialect, true)[0]
  if (!first) return true
  const names = valuesOf(first, dialect).map((name) => (name ?? '').trim())
  const distinct = new Set(names.map((name) => name.toLowerCase())).size === names.length
  return distinct && names.every((name) => name !== '' && !looksLikeValue(name))
}

const magics: [string, Buffer][] = [
  ['gzip data', Buffer.from([0x1f, 0x8b])],
  ['a zip archive', Buffer.from('PK\x03\x04')],
  ['zstd data', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ['a Parquet file', Buffer.from('PAR1')],
  ['a PDF', Buffer.from('%PDF-')],
  ['UTF-16 text', Buffer.from([0xff, 0xfe])],
  ['UTF-16 text', Buffer.from([0xfe, 0xff])],
]

/**
 * One bad byte is a matter for its row; a file full of them is not text at all.
 * @throws not_csv
 */
export function refuseBinary(head: Buffer, file: string): void {
  for (const [what, magic] of magics) {
    if (head.subarray(0, magic.length).equals(magic)) {
      throw sluiceError('not_csv', { file, problem: `it is ${what}` })
    }
  }
  if (isUtf8(head)) {
    if (countOf(head, 0) > head.length / 100) {
      throw sluiceError('not_csv', { file, problem: 'it holds many NUL bytes' })
    }
    return
  }
  // U+FFFD stands for each byte that is not UTF-8; a head cut in a character gives three at most.
  const bad = head.toString('utf8').split('\ufffd').length - 1
  if (bad + countOf(head, 0) > Math.max(16, head.length / 10)) {
    throw sluiceError('not_csv', { file, problem: 'it is binary, or not in UTF-8' })
  }
}

function countOf(head: Buffer, byte: number): number {
  let count = 0
  for (let at = head.indexOf(byte); at >= 0; at = head.indexOf(byte, at + 1)) count++
  return count
}
