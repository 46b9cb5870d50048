/**
 * Works out how a CSV file is to be read, from its first bytes and from what the spec gives. What
 * the spec gives is not looked at twice.
 */
import { isUtf8 } from 'node:buffer'
import { checkFormat } from '../domain/checkFormat.ts'
import type { Format } from '../domain/format.ts'
import type { Dialect } from '../domain/words.ts'
import { sluiceError } from '../errors.ts'
import { withoutBom } from './marks.ts'
import { bodyOf } from './records.ts'
import { sniffFields } from './sniffFields.ts'
import { sniffRows } from './sniffRows.ts'
import { type Sniffed, sniffTerms } from './sniffTerms.ts'

/**
 * @param start the first bytes of the file; the more the better, up to 1 MiB
 * @param whole whether `start` is the whole file; if not, its last record may be cut short
 * @throws not_csv, dialect_invalid
 */
export function sniff(start: Buffer, format: Format, file: string, whole: boolean): Sniffed {
  const head = withoutBom(start.subarray(0, headBytesMax))
  refuseBinary(head, file)
  checkFormat(format)
  const newline = sniffNewline(head)
  const isWhole = whole && start.length <= headBytesMax
  const given = givenIn(format, newline)
  const { dialect, width } = sniffFields(bodyOf(head, given), given, format, isWhole)
  const rows = sniffRows(head, dialect, { format, width, whole: isWhole })
  const sniffed = sniffTerms(rows.records, rows.dialect, format)
  checkMarks(sniffed.dialect)
  return sniffed
}

const headBytesMax = 1 << 20

/** What the spec says, and what holds where it says nothing and nothing is sniffed. */
function givenIn(format: Format, newline: Dialect['newline']): Dialect {
  const { quote = '"', escape = quote, header, comment, columns, ragged } = format
  const { decimal, thousands, dates, skipRows, skipFooter } = format
  const nulls = [...new Set([format.null ?? ''].flat())]
  const nullText = nulls.includes('') ? '' : (nulls[0] ?? '')
  const nullWords = nulls.filter((text) => text !== nullText)
  return {
    delimiter: format.delimiter ?? ',',
    quote,
    escape,
    newline,
    header: Boolean(header ?? true),
    nullText,
    ...(nullWords.length > 0 && { nullWords }),
    ...(skipRows && { skipRows }),
    ...(skipFooter && { skipFooter }),
    ...(typeof header === 'number' && header > 1 && { headerRows: header }),
    ...(comment && { comment }),
    ...(columns && { names: columns }),
    ...(ragged && ragged !== 'reject' && { ragged }),
    ...((decimal === ',' || (thousands === '.' && !decimal)) && { decimal: ',' as const }),
    ...(thousands && { thousands }),
    ...(dates && { dates }),
    ...(format.true && { trueWords: format.true }),
    ...(format.false && { falseWords: format.false }),
  }
}

/** What was sniffed may be what was given for something else. @throws dialect_invalid */
function checkMarks({ delimiter, quote, escape, comment, nullText, nullWords }: Dialect): void {
  checkFormat({
    delimiter,
    quote,
    ...(quote !== '' && { escape }),
    ...(comment && { comment }),
    null: [nullText, ...(nullWords ?? [])],
  })
}

/** What ends the records: of the lines that end outside quotes, the first one tells. */
export function sniffNewline(head: Buffer): Dialect['newline'] {
  const lf = head.indexOf(10)
  const cr = head.indexOf(13)
  if (lf < 0) return cr < 0 ? '\n' : '\r'
  if (lf > 0 && head[lf - 1] === 13) return '\r\n'
  // Lines of an old Mac may have a newline within quotes.
  const isFirst = cr >= 0 && cr < lf
  return isFirst && countOf(head, 13) > 2 * countOf(head, 10) ? '\r' : '\n'
}

const magics: [string, Buffer][] = [
  ['a Parquet file', Buffer.from('PAR1')],
  ['a PDF', Buffer.from('%PDF-')],
]

/** So many bad bytes may stand in a file of any size, also in one of twenty bytes. */
const badFew = 16

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
    if (countOf(head, 0) > Math.max(badFew, head.length / 100)) {
      throw sluiceError('not_csv', { file, problem: 'it holds many NUL bytes' })
    }
    return
  }
  // U+FFFD stands for each byte that is not UTF-8; a head cut in a character gives three at most.
  const bad = head.toString('utf8').split('\ufffd').length - 1
  if (bad + countOf(head, 0) > Math.max(badFew, head.length / 10)) {
    throw sluiceError('not_csv', { file, problem: 'it is binary, or not in UTF-8' })
  }
}

function countOf(head: Buffer, byte: number): number {
  let count = 0
  for (let at = head.indexOf(byte); at >= 0; at = head.indexOf(byte, at + 1)) count++
  return count
}
