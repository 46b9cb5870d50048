/** What the bytes themselves tell, whatever they mean: are they text, and what ends a line? */
import { isUtf8 } from 'node:buffer'
import { documentOf, type Given } from '../../document.ts'
import type { Dialect } from '../dialect.ts'
import { notCsv, toConvert } from '../notCsv.ts'

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

const parquet = Buffer.from('PAR1')

/** So many bad bytes may stand in a file of any size, also in one of twenty bytes. */
const badFew = 16

/**
 * One bad byte is a matter for its row; a file full of them is not text at all.
 * @param given what the spec says of how it is written; all that can be said if absent
 * @throws not_csv
 */
export function refuseBinary(head: Buffer, file: string, given?: Given): void {
  const isParquet = head.subarray(0, parquet.length).equals(parquet)
  const what = isParquet ? 'a Parquet file' : documentOf(head, given)
  if (what !== null) throw notCsv(file, `it is ${what}`, toConvert(what))
  if (isUtf8(head)) {
    if (countOf(head, 0) > Math.max(badFew, head.length / 100)) {
      throw notCsv(file, 'it holds many NUL bytes')
    }
    return
  }
  // U+FFFD stands for each byte that is not UTF-8; a head cut in a character gives three at most.
  const bad = head.toString('utf8').split('\ufffd').length - 1
  if (bad + countOf(head, 0) > Math.max(badFew, head.length / 10)) {
    throw notCsv(file, 'it is binary, or not in UTF-8')
  }
}

export function countOf(bytes: Buffer, what: number | string): number {
  const size = typeof what === 'string' ? Buffer.byteLength(what) : 1
  let count = 0
  for (let at = bytes.indexOf(what); at >= 0; at = bytes.indexOf(what, at + size)) count++
  return count
}
