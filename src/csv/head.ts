/** The head of a file: how it is written, and what its first records say. */
import type { Format } from '../domain/format.ts'
import type { Dialect } from '../domain/words.ts'
import { type Note, noteOf } from '../errors/notes.ts'
import { sluiceError } from '../errors.ts'
import { withoutBom } from './marks.ts'
import { bodyOf, recordsOf, valuesOf, widthOf } from './records.ts'
import { sniff } from './sniff.ts'

const columnsMax = 1600

export interface Head {
  dialect: Dialect
  /** What was guessed, and may be wrong. */
  notes: Note[]
  /** Column names as the file has them, or as the spec gives them; null without any. */
  header: string[] | null
  /** Fields of a record; 0 when there is none. */
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
  const { dialect, notes } = sniff(bytes, format, file.name, whole)
  const head: Buffer[] = []
  const body = bodyOf(withoutBom(bytes), dialect)
  for (const span of recordsOf(body, dialect)) {
    if (head.length === headCount(dialect)) break
    if (span.blank) continue
    if (span.next >= body.length && !whole) {
      const problem = `its first record is longer than ${bytes.length} bytes, or its quote never closes`
      throw sluiceError('not_csv', { file: file.name, problem })
    }
    head.push(body.subarray(span.start, span.end))
  }
  const { header, width } = headOf(head, dialect, file.name)
  return { dialect, notes: [...guessed(dialect, format, file.name), ...notes], header, width }
}

/** What a wrong guess about the first lines would cost: names, or rows. */
function guessed(dialect: Dialect, format: Format, file: string): Note[] {
  const { header, skipRows: count = 0 } = dialect
  const hasNames = header || format.header !== undefined || format.columns !== undefined
  return [
    ...(hasNames ? [] : [noteOf('no_header', { file })]),
    ...(count > 0 && format.skipRows === undefined
      ? [noteOf('lines_skipped', { file, count })]
      : []),
  ]
}

/** The records that say what the columns are: those of the header, or the first one. */
export const headCount = ({ header, headerRows = 1 }: Dialect): number => (header ? headerRows : 1)

/**
 * What the first records say, without their line ends.
 * @throws columns_too_many, dialect_invalid
 */
export function headOf(
  head: readonly Buffer[],
  dialect: Dialect,
  file: string,
): { header: string[] | null; width: number } {
  if (head.length === 0) return { header: null, width: 0 }
  const { names, ragged, header: hasHeader } = dialect
  const { names: _, ...plain } = dialect
  const width = widthOf(head, dialect)
  const inFile = widthOf(head, plain)
  if (names && inFile !== width && !ragged) {
    const problem = `columns has ${width} names, and ${file} has ${inFile} fields`
    throw sluiceError('dialect_invalid', { problem })
  }
  if (width > columnsMax) throw sluiceError('columns_too_many', { file, count: width })
  const header = hasHeader ? joinNames(head.map((record) => valuesOf(record, plain))) : null
  return { header: names ?? header, width }
}

/** A name is made of the words above its column; a cell that is merged with others is empty. */
function joinNames(rows: (string | null)[][]): string[] {
  if (rows.length === 1) return (rows[0] ?? []).map((name) => name ?? '')
  const width = Math.max(...rows.map((row) => row.length))
  return Array.from({ length: width }, (_, field) =>
    rows
      .map((row) => (row[field] ?? '').trim())
      .filter((word) => word !== '')
      .join(' '),
  )
}
