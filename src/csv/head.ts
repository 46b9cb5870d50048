/** The head of a file: how it is written, and what its first record says. */
import type { Format } from '../domain/format.ts'
import type { Dialect } from '../domain/words.ts'
import { sluiceError } from '../errors.ts'
import { recordsOf, shapeOf, valuesOf } from './records.ts'
import { bom } from './scan.ts'
import { sniff } from './sniff.ts'

const columnsMax = 1600

export interface Head {
  dialect: Dialect
  /** Column names as the file has them; null without a header. */
  header: string[] | null
  /** Fields of the first record; 0 when there is none. */
  width: number
}

/**
 * @param bytes the first ones of the file
 * @throws not_csv, dialect_invalid, columns_too_many
 */
export function readHead(
  bytes: Buffer,
  file: { name: string; sizeBytes: number },
  format: Format,
): Head {
  const whole = bytes.length >= file.sizeBytes
  const dialect = sniff(bytes, format, file.name, whole)
  const text = bytes.subarray(0, bom.length).equals(bom) ? bytes.subarray(bom.length) : bytes
  for (const span of recordsOf(text, dialect)) {
    if (span.blank) continue
    if (span.next >= text.length && !whole) {
      const problem = `its first record is longer than ${bytes.length} bytes, or its quote never closes`
      throw sluiceError('not_csv', { file: file.name, problem })
    }
    const first = text.subarray(span.start, span.end)
    return { dialect, ...firstRecord(first, dialect, file.name) }
  }
  return { dialect, header: null, width: 0 }
}

/**
 * What the first record says, without its line end.
 * @throws columns_too_many
 */
export function firstRecord(
  raw: Buffer,
  dialect: Dialect,
  file: string,
): { header: string[] | null; width: number } {
  const width = shapeOf(raw, dialect).fields
  if (width > columnsMax) throw sluiceError('columns_too_many', { file, count: width })
  const header = dialect.header ? valuesOf(raw, dialect).map((name) => name ?? '') : null
  return { header, width }
}
