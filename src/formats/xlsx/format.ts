/** Excel workbooks, as the rest of Sluice knows them: each sheet is a file of its own. */

import { type Note, noteOf } from '../../errors/notes.ts'
import { sluiceError } from '../../errors.ts'
import type { Format, Head, HeadFile } from '../format.ts'
import { areaOf } from './cellRef.ts'
import { extensions, workbooks } from './container.ts'
import { notesBeside } from './notes.ts'
import { type XlsxOptions, xlsxOptions } from './options.ts'
import type { XlsxReading } from './reading.ts'
import { headAmong } from './rows/among.ts'
import { type CsvHead, rowsHead } from './rows/head.ts'
import { rowsReader } from './rows/reader.ts'
import { sampleOf } from './rows/sample.ts'
import { RowsScan } from './rows/scan.ts'

interface XlsxHead extends Head<XlsxReading> {}

const empty: XlsxReading = { kind: 'xlsx', newline: '\n', header: true }

/** What the first line of a sheet begins with: see unfold.ts. */
interface Title {
  sheet: string
  hidden?: true
}

const titleForm = /^\{"sheet":"(?:[^"\\]|\\.)*"(?:,"hidden":true)?\}/

function titleOf({ bytes }: HeadFile): { title: Title; end: number } | null {
  const [json] = titleForm.exec(bytes.toString('utf8', 0, 8192)) ?? []
  return json === undefined ? null : { title: JSON.parse(json), end: Buffer.byteLength(json) }
}

/** @throws not_xlsx */
function headBy(headOfCsv: CsvHead, file: HeadFile, options: XlsxOptions): XlsxHead {
  const found = titleOf(file)
  if (!found) {
    if (file.bytes.length === 0) return emptyHead
    throw sluiceError('not_xlsx', { file: file.name })
  }
  const { sheet, hidden } = found.title
  const own = {
    kind: 'xlsx' as const,
    sheet,
    ...(options.errorCells === 'null' && { errorsAreNull: true }),
  }
  const head = rowsHead<XlsxReading>(file, options, {
    own,
    dataStart: found.end,
    headOfCsv,
  })
  const notes: Note[] = hidden ? [noteOf('sheet_hidden', { file: file.name })] : []
  return { ...head, notes: [...notes, ...head.notes] }
}

const emptyHead: XlsxHead = {
  reading: empty,
  header: null,
  width: 0,
  start: { offset: 0, lines: 0 },
  notes: [],
}

/** @param headOfCsv finds titles and headers: the first rows of a sheet are given to it as CSV */
export function createXlsx(headOfCsv: CsvHead) {
  const headOf = (file: HeadFile, options: XlsxOptions) => headBy(headOfCsv, file, options)
  return {
    kind: 'xlsx',
    options: xlsxOptions,
    extensions,
    // Not by the text, which somebody else may have written.
    recognise: ({ madeFor }) => (madeFor === 'xlsx' ? 'certainly' : 'no'),
    check({ range }) {
      if (range === undefined || areaOf(range)) return
      throw sluiceError('dialect_invalid', { problem: `there are no cells ${range} in a sheet` })
    },
    container: workbooks,
    empty,
    head: headOf,
    headIn: (file, known) =>
      headAmong(known, (header) =>
        headOf(file, header === undefined ? known.options : { ...known.options, header }),
      ),
    isTable: (_, { width }) => width > 1,
    differences: () => [],
    terms: ({ headerRows = 1 }) => ({ nulls: [], headerRows, hasWords: false }),
    // The unit has its columns, and head and foot of a sheet lie outside of its splits.
    ofUnit: ({ kind, newline, from, errorsAreNull }) => ({
      kind,
      newline,
      header: false,
      ...(from && { from }),
      ...(errorsAreNull && { errorsAreNull }),
    }),
    sample: sampleOf,
    scan({ ...head }: Omit<XlsxHead, 'notes'>, file) {
      const told = (json: string) =>
        notesBeside(json, file.name ?? head.reading.sheet ?? '', head.start.lines)
      return new RowsScan(head, { ...file, told })
    },
    reader: rowsReader,
  } satisfies Format<XlsxOptions, XlsxReading>
}
