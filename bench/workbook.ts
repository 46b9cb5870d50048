/**
 * The rows of the bench as an Excel workbook, written as a program with little memory does it: one
 * sheet, cell after cell, with its texts in the cells.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ZipFile } from 'yazl'
import { columns } from './data.ts'

const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const packages = 'http://schemas.openxmlformats.org/package/2006/relationships'

/** The two formats that Excel has for dates by number: 14 is a date, 22 has a time too. */
const styles = `<styleSheet xmlns="${main}"><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/></cellXfs></styleSheet>`

const relations = (...all: [id: string, kind: string, target: string][]): string =>
  `<Relationships xmlns="${packages}">${all
    .map(([id, kind, to]) => `<Relationship Id="${id}" Type="${office}/${kind}" Target="${to}"/>`)
    .join('')}</Relationships>`

const parts: Record<string, string> = {
  '[Content_Types].xml':
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
  '_rels/.rels': relations(['w', 'officeDocument', 'xl/workbook.xml']),
  'xl/workbook.xml': `<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="rows" sheetId="1" r:id="s"/></sheets></workbook>`,
  'xl/_rels/workbook.xml.rels': relations(
    ['s', 'worksheet', 'worksheets/sheet1.xml'],
    ['f', 'styles', 'styles.xml'],
  ),
  'xl/styles.xml': styles,
}

/**
 * Writes the first rows of a file of JSON lines.
 * @returns how many there are, and what their ids add up to
 */
export async function writeWorkbook(
  path: string,
  { ndjson, rowsMax }: { ndjson: string; rowsMax: number },
): Promise<{ rows: number; ids: number }> {
  const sums = { rows: 0, ids: 0 }
  const sheet = Readable.from(sheetOf(ndjson, rowsMax, sums))
  const zip = new ZipFile()
  for (const [name, text] of Object.entries(parts)) zip.addBuffer(Buffer.from(text), name)
  zip.addReadStream(sheet, 'xl/worksheets/sheet1.xml')
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(path))
  return sums
}

const rowsAtOnce = 1000

async function* sheetOf(ndjson: string, rowsMax: number, sums: { rows: number; ids: number }) {
  const header = columns.map(([name]) => textCell(name)).join('')
  let xml = `<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="${main}"><sheetData><row r="1">${header}</row>`
  const input = createReadStream(ndjson)
  for await (const line of createInterface({ input })) {
    if (sums.rows === rowsMax) break
    const row: Record<string, unknown> = JSON.parse(line)
    sums.rows++
    sums.ids += Number(row.id)
    const cells = columns.map(([name, type]) => cellOf(row[name], type)).join('')
    xml += `<row r="${sums.rows + 1}">${cells}</row>`
    if (sums.rows % rowsAtOnce > 0) continue
    yield Buffer.from(xml)
    xml = ''
  }
  input.destroy()
  yield Buffer.from(`${xml}</sheetData></worksheet>`)
}

/** Excel counts days from the last one of 1899, and has no time zones. */
const daysOf = (text: string): number =>
  Date.parse(`${text.replace(' ', 'T').replace(/([-+]\d{2}|Z)?$/, '')}Z`) / 86_400_000 + 25_569

function cellOf(value: unknown, type: string): string {
  if (value === null || value === undefined) return '<c/>'
  if (typeof value === 'boolean') return `<c t="b"><v>${value ? 1 : 0}</v></c>`
  if (typeof value === 'number') return `<c><v>${value}</v></c>`
  if (type === 'date') return `<c s="1"><v>${daysOf(`${value} 00:00:00`)}</v></c>`
  if (type.startsWith('timestamp')) return `<c s="2"><v>${daysOf(String(value))}</v></c>`
  return textCell(typeof value === 'string' ? value : JSON.stringify(value))
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

const textCell = (text: string): string =>
  `<c t="inlineStr"><is><t xml:space="preserve">${text.replace(/[&<>]/g, (char) => entities[char] as string)}</t></is></c>`
