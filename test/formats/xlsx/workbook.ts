/** Makes small workbooks, good ones and others; and reads what is staged of one. */
import { Readable } from 'node:stream'
import { unpackLimits } from '../../../src/domain/unpack.ts'
import { workbooks } from '../../../src/formats/xlsx/container.ts'
import type { XlsxOptions } from '../../../src/formats/xlsx/options.ts'
import type { OpenFile } from '../../../src/io/openFile.ts'
import { openArchive } from '../../../src/unpack/archive.ts'
import { type Members, zip } from '../../zip.ts'

const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const relations = (all: [id: string, kind: string, target: string][]): string =>
  `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${all
    .map(([id, kind, to]) => `<Relationship Id="${id}" Type="${office}/${kind}" Target="${to}"/>`)
    .join('')}</Relationships>`

export interface Parts {
  /** The XML within each worksheet, by the names of the sheets. */
  sheets?: Record<string, string>
  /** What stands in front of the sheets in the workbook. */
  before?: string
  strings?: string
  styles?: string
}

/** The parts of a workbook, by their paths. */
export function partsOf({ sheets = {}, before = '', strings, styles }: Parts): Members {
  const names = Object.keys(sheets)
  const list = names.map((name, at) => `<sheet name="${name}" sheetId="${at + 1}" r:id="s${at}"/>`)
  const parts: Members = {
    '[Content_Types].xml': '<Types/>',
    '_rels/.rels': relations([['w', 'officeDocument', 'xl/workbook.xml']]),
    'xl/workbook.xml': `<workbook xmlns="${main}" xmlns:r="${office}">${before}<sheets>${list.join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relations([
      ...names.map((_, at): [string, string, string] => [
        `s${at}`,
        'worksheet',
        `worksheets/sheet${at + 1}.xml`,
      ]),
      ...(strings === undefined ? [] : [['t', 'sharedStrings', 'sharedStrings.xml'] as const]),
      ...(styles === undefined ? [] : [['f', 'styles', '/xl/styles.xml'] as const]),
    ] as [string, string, string][]),
  }
  for (const [at, name] of names.entries()) {
    parts[`xl/worksheets/sheet${at + 1}.xml`] =
      `<worksheet xmlns="${main}">${sheets[name]}</worksheet>`
  }
  if (strings !== undefined) parts['xl/sharedStrings.xml'] = `<sst xmlns="${main}">${strings}</sst>`
  if (styles !== undefined) {
    parts['xl/styles.xml'] = `<styleSheet xmlns="${main}">${styles}</styleSheet>`
  }
  return parts
}

export const workbook = (parts: Parts): Promise<Buffer> => zip(partsOf(parts))

/** One sheet of these rows: the XML of their cells. */
export const sheetOf = (rows: string): Parts => ({
  sheets: { Sheet1: `<sheetData>${rows}</sheetData>` },
})

const opened = (bytes: Buffer): OpenFile => ({
  link: null,
  ranges: true,
  read: ({ start, end } = { start: 0, end: bytes.length }) =>
    Readable.from([bytes.subarray(start, end)]),
  close: async () => {},
})

/** The sheets of a workbook, as they are listed. */
export async function tablesIn(bytes: Buffer, options: XlsxOptions = {}) {
  const of = { file: 'book.xlsx', archiveBytes: bytes.length }
  const archive = await openArchive(opened(bytes), of, unpackLimits)
  return workbooks(options, unpackLimits).tables(archive)
}

/** What is staged of a sheet. */
export async function unfolded(
  bytes: Buffer,
  sheet = 'Sheet1',
  {
    options = {},
    limits = unpackLimits,
  }: { options?: XlsxOptions; limits?: typeof unpackLimits } = {},
): Promise<Buffer> {
  const of = { file: 'book.xlsx', archiveBytes: bytes.length }
  const archive = await openArchive(opened(bytes), of, limits)
  const chunks: Buffer[] = []
  const { signal } = new AbortController()
  for await (const chunk of workbooks(options, limits).unfold(archive, sheet, signal)) {
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks)
}

/** Its lines: what it begins with, the rows, and what is told at the end. */
export function linesIn(bytes: Buffer): { title: unknown; rows: string[]; beside: unknown } {
  const text = bytes.toString()
  const [title = ''] = /^\{.*?\}(?=\[|\n)/.exec(text) ?? []
  const rows = text.slice(title.length).split('\n')
  const beside = rows.at(-2) ?? ''
  return { title: JSON.parse(title), rows: rows.slice(0, -2), beside: JSON.parse(beside) }
}
