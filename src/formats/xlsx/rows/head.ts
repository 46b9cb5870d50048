/**
 * The head of a sheet, whose first rows may be titles and a header.
 *
 * The rows are written as CSV, line by line, and the head of that is found as for any CSV file: so
 * what is a title, a header, or data is decided in one way for all formats.
 */

import type { Reading } from '../../../domain/words.ts'
import type { Note, NoteCode } from '../../../errors/notes.ts'
import { sluiceError } from '../../../errors.ts'
import type { Head, HeadFile } from '../../format.ts'
import { type Cell, cellsOf } from './cells.ts'
import { linesOf } from './lines.ts'
import type { RowsReading } from './reading.ts'

export interface HeadOptions {
  header?: boolean | number
  skipRows?: number
  skipFooter?: number
  columns?: string[]
}

/** The head of a file of CSV, as the format csv finds it. */
export type CsvHead = (
  file: HeadFile,
  options: HeadOptions & { delimiter: string; quote: string; escape: string; decimal: '.' },
) => Head<Reading & Pick<RowsReading, 'header' | 'headerRows' | 'skipRows' | 'names'>>

/** As many rows as are looked at, and as many bytes of CSV are made of them. */
const rowsMax = 3000
const csvCharsMax = 1 << 20
/** A column in so few of the rows, with no name above it, is none: its cells are rejects. */
const columnShare = 0.1
const columnsMax = 1600

/** What is told of a head of CSV and of these files as well. */
const told: NoteCode[] = [
  'no_header',
  'lines_skipped',
  'header_left_out',
  'header_completed',
  'header_rows',
  'row_names',
]

/** A row of the head, empty ones included: row 1 is the first. */
interface Row {
  cells: Cell[]
  /** Where its line begins. */
  start: number
}

interface OfFormat<R extends RowsReading> {
  /** What the format adds to the reading. */
  own: Omit<R, keyof RowsReading> & Partial<R>
  /** Where the first row begins. */
  dataStart: number
  headOfCsv: CsvHead
}

export function rowsHead<R extends RowsReading>(
  file: HeadFile,
  options: HeadOptions,
  { own, dataStart, headOfCsv }: OfFormat<R>,
): Head<R> {
  const all = rowsIn(file, dataStart)
  // A sheet may begin far down: so many empty lines are not looked through.
  const first = all.findIndex(({ cells }) => cells.length > 0)
  const above = first > rowsMax ? first : 0
  const rows = above > 0 ? all.slice(above) : all
  const columns = new Columns(rows)
  let found = headOfRows(rows, columns.all(), { file, options, headOfCsv })
  // With the titles known, and columns that only they have left out, it may look otherwise.
  for (let times = 0; times < 2 && found.start.lines > 0; times++) {
    const span = columns.below(found.start.lines, found.headerRow)
    if (span.from === found.from && span.to === found.to) break
    found = headOfRows(rows, span, { file, options, headOfCsv })
  }
  const { from, start } = found
  const offset = rows[start.lines]?.start ?? file.bytes.length
  const { skipFooter } = options
  const { header, headerRows, skipRows, names } = found.dialect
  const reading = {
    ...own,
    newline: '\n',
    header,
    ...(headerRows && { headerRows }),
    ...(skipRows && { skipRows }),
    ...(skipFooter && { skipFooter }),
    ...(names && { names }),
    ...(from > 0 && { from }),
  } as unknown as R
  const lines = above + Math.min(start.lines, rows.length)
  const notes = found.notes.filter(({ code }) => told.includes(code as NoteCode))
  return { reading, header: found.header, width: found.width, start: { offset, lines }, notes }
}

function rowsIn({ bytes, whole }: HeadFile, dataStart: number): Row[] {
  const rows: Row[] = []
  let records = 0
  const body = bytes.subarray(dataStart)
  for (const { start, end, next, isRecord } of linesOf(body, 0)) {
    const isCut = next >= body.length && !whole && next === end
    if (records >= rowsMax || isCut) break
    const cells = isRecord ? cellsOf(body.toString('utf8', start, end)) : none
    if (isRecord) records++
    rows.push({ cells: 'problem' in cells ? none : cells, start: dataStart + start })
  }
  return rows
}

const none: Cell[] = []

interface Span {
  from: number
  to: number
}

const isFull = (cell: Cell | undefined): boolean => cell !== undefined && cell.kind !== 'null'

/** Which columns the table has. */
class Columns {
  readonly #rows: readonly Row[]

  constructor(rows: readonly Row[]) {
    this.#rows = rows
  }

  /** From the first that has a value to the last that has two, or one if no column has more. */
  all(): Span {
    return this.#span(this.#rows, (count, most) => count >= Math.min(2, most))
  }

  /** Those with a name in the header, or with values in the rows below it. */
  below(lines: number, headerRow: number | null): Span {
    const data = this.#rows.slice(lines)
    const filled = data.filter(({ cells }) => cells.some(isFull)).length
    const least = Math.max(headerRow === null ? 1 : 2, filled * columnShare)
    const span = this.#span(data, (count) => count >= least)
    const names = headerRow === null ? [] : (this.#rows[headerRow]?.cells ?? [])
    const named = this.#span([{ cells: names, start: 0 }], () => true)
    if (named.to === 0) return span
    if (span.to === 0) return named
    return { from: Math.min(span.from, named.from), to: Math.max(span.to, named.to) }
  }

  #span(rows: readonly Row[], isColumn: (count: number, most: number) => boolean): Span {
    const counts: number[] = []
    for (const { cells } of rows) {
      for (const [at, cell] of cells.entries()) {
        if (isFull(cell)) counts[at] = (counts[at] ?? 0) + 1
      }
    }
    const most = counts.reduce((max, count) => Math.max(max, count ?? 0), 0)
    const from = counts.findIndex((count) => count > 0)
    if (from < 0) return { from: 0, to: 0 }
    return { from, to: counts.findLastIndex((count) => count && isColumn(count, most)) + 1 }
  }
}

interface Asked {
  file: HeadFile
  options: HeadOptions
}

interface Found {
  header: string[] | null
  width: number
  start: { lines: number }
  notes: Note[]
  dialect: Pick<RowsReading, 'header' | 'headerRows' | 'skipRows' | 'names'>
  from: number
  to: number
  /** Which row has the last names. */
  headerRow: number | null
}

function headOfRows(
  rows: readonly Row[],
  { from, to }: Span,
  { file, options, headOfCsv }: Pick<OfFormat<RowsReading>, 'headOfCsv'> & Asked,
): Found {
  const { name: called } = file
  if (to - from > columnsMax) {
    throw sluiceError('columns_too_many', { file: called, count: to - from })
  }
  const { bytes, whole } = asCsv(rows, { from, to }, file.whole)
  const { skipFooter: _, ...given } = options
  const head = headOfCsv(
    { ...file, bytes, whole },
    { ...given, delimiter: ',', quote: '"', escape: '"', decimal: '.' },
  )
  const { header, width, start, notes, reading } = head
  const headerRow = reading.header ? start.lines - 1 : null
  return { header, width, start, notes, dialect: reading, from, to, headerRow }
}

/** Each row is one line; a line end within a text is a blank here. */
function asCsv(rows: readonly Row[], { from, to }: Span, whole: boolean) {
  const lines: string[] = []
  let chars = 0
  for (const { cells } of rows) {
    if (chars > csvCharsMax) break
    const line = cells.some(isFull) ? csvLine(cells, from, to) : ''
    chars += line.length + 1
    lines.push(line)
  }
  const isAll = whole && lines.length === rows.length
  return { bytes: Buffer.from(lines.map((line) => `${line}\n`).join('')), whole: isAll }
}

function csvLine(cells: readonly Cell[], from: number, to: number): string {
  const fields: string[] = []
  for (let at = from; at < to; at++) {
    const { kind, text } = cells[at] ?? { kind: 'null', text: '' }
    const isQuoted = kind === 'text' || kind === 'error'
    fields.push(isQuoted ? `"${text.replace(/"/g, '""').replace(/[\r\n\0]+/g, ' ')}"` : text)
  }
  return fields.join(',')
}
