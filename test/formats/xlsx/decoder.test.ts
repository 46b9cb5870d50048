/** What comes out of workbooks, held against what openpyxl reads of the same files. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Cell, cellsOf } from '../../../src/formats/xlsx/rows/cells.ts'
import { linesIn, sheetOf, tablesIn, unfolded, workbook } from './workbook.ts'

const fileAt = (name: string) => readFileSync(new URL(`./files/${name}`, import.meta.url))

type Expected = null | boolean | number | string | Record<string, string | number>

/** A cell in the terms of openpyxl, which knows no dates without a time of day. */
function inPython({ kind, text }: Cell): Expected {
  if (kind === 'null') return null
  if (kind === 'number') return Number(text)
  if (kind === 'boolean') return text === 'true'
  if (kind === 'text') return text
  if (kind === 'date') return { timestamp: `${text} 00:00:00` }
  if (kind === 'error') return { error: text }
  // Python writes all six digits of a fraction.
  return { [kind]: text.replace(/(\.\d{3})$/, '$1000') }
}

function rowsIn(lines: string[]): Expected[][] {
  return lines.map((line) => {
    const cells = line === '' ? [] : cellsOf(line)
    if ('problem' in cells) throw new Error(`${cells.problem}: ${line}`)
    return cells.map(inPython)
  })
}

const clockSeconds = (text: string) =>
  text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)

/** openpyxl makes a duration of a time that counts on, and fills rows up. */
function likeOurs(rows: Expected[][], ours: Expected[][]): Expected[][] {
  return rows.map((row, at) => {
    const cells = row.map((cell, column) => {
      // openpyxl leaves such escapes as they are.
      if (typeof cell === 'string') return cell.replace('_x000D_', '\r')
      const own = ours[at]?.[column]
      const seconds = (cell as { seconds?: number } | null)?.seconds
      if (seconds === undefined) return cell
      const time = (own as { time?: string } | null)?.time ?? ''
      return clockSeconds(time) === seconds ? (own as Expected) : cell
    })
    while (cells.at(-1) === null) cells.pop()
    return cells
  })
}

const ofCalamine = [
  'any_sheets',
  'date_1904',
  'date_iso',
  'errors',
  'has_x000D_',
  'inlineStr_cdata',
  'issues',
  'merge_cells',
  'nonstandard-xml-ns-prefix',
]

describe.each([
  'openpyxl',
  'xlsxwriter',
  'inline-1904',
  ...ofCalamine.map((name) => `calamine/${name}`),
])('%s.xlsx', (name) => {
  const bytes = fileAt(`${name}.xlsx`)
  const sheets = JSON.parse(fileAt(`${name}.json`).toString()) as Record<string, Expected[][]>

  test('every cell is what openpyxl reads', async () => {
    const tables = (await tablesIn(bytes)).filter(({ leftOut }) => leftOut === undefined)
    expect(tables.map((table) => table.name)).toEqual(Object.keys(sheets))
    for (const [sheet, rows] of Object.entries(sheets)) {
      const ours = rowsIn(linesIn(await unfolded(bytes, sheet)).rows)
      const theirs = likeOurs(rows, ours)
      while (theirs.length > 0 && theirs.at(-1)?.length === 0) theirs.pop()
      while (ours.length > 0 && ours.at(-1)?.length === 0) ours.pop()
      expect(ours).toEqual(theirs)
    }
  })
})

test('what a sheet has beside its values is told: what is hidden, and what is merged', async () => {
  const bytes = fileAt('openpyxl.xlsx')
  expect(linesIn(await unfolded(bytes, 'Types & more')).beside).toEqual({
    hiddenRows: 1,
    hiddenColumns: ['G'],
    merged: 1,
    mergedRanges: ['A22:B24'],
  })
  expect(linesIn(await unfolded(bytes, 'Hidden')).title).toEqual({ sheet: 'Hidden', hidden: true })
})

/** The lines of a sheet of these rows. */
const rowsOf = async (rows: string, more = {}) =>
  linesIn(await unfolded(await workbook({ ...sheetOf(rows), ...more }))).rows

const c = (value: string, attributes = '') => `<c ${attributes}><v>${value}</v></c>`

test('numbers keep all their digits, in whatever form they are stored', async () => {
  const stored = [
    '0.30000000000000004',
    '12345678901234567890',
    '1E-7',
    '-0',
    '+5',
    '.5',
    '5.',
    '007',
  ]
  const rows = await rowsOf(`<row>${stored.map((text) => c(text)).join('')}</row>`)
  expect(rows).toEqual(['[0.30000000000000004,12345678901234567890,1E-7,-0,5,0.5,5,7]'])
})

test('texts: shared, inline, rich, of formulas; spoken parts are left out, escapes are read', async () => {
  const strings = `<si><t>one</t></si>
    <si><r><t>ri</t></r><r><rPr><b/></rPr><t xml:space="preserve">ch </t></r><rPh sb="0" eb="1"><t>spoken</t></rPh></si>
    <si><t>a_x000D_b _x005F_x000D_ &amp;&#x1F600;&#10;</t></si>`
  const rows = await rowsOf(
    `<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c><c r="D2" t="s"><v>2</v></c></row>
     <row r="4"><c t="inlineStr"><is><t>in</t><r><t>line</t></r></is></c>
     <c t="str"><f>A1&amp;"x"</f><v>of a formula</v></c><c t="str"><f>""</f><v></v></c></row>`,
    { strings },
  )
  expect(rows).toEqual([
    '',
    `["one","rich ",null,${JSON.stringify('a\rb _x000D_ &😀\n')}]`,
    '',
    '["inline","of a formula"]',
  ])
})

test('prefixes, cells and rows without a place, booleans, errors, and dates as texts', async () => {
  const bytes = await workbook({
    sheets: {
      Sheet1: `<x:sheetData xmlns:x="a"><x:row><x:c><x:v>1</x:v></x:c><x:c t="b"><x:v>1</x:v></x:c>
        <x:c t="e"><x:v>#DIV/0!</x:v></x:c></x:row><x:row><x:c t="d"><x:v>2026-01-31</x:v></x:c>
        <x:c t="d"><x:v>2026-01-31T12:00:00</x:v></x:c><x:c><x:f>1/0</x:f></x:c></x:row></x:sheetData>`,
    },
  })
  expect(linesIn(await unfolded(bytes)).rows).toEqual([
    '[1,true,{"error":"#DIV/0!"}]',
    '[{"date":"2026-01-31"},{"timestamp":"2026-01-31 12:00:00"}]',
  ])
})

test('dates of both systems; the day that Excel alone has stays what it shows', async () => {
  const styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/></cellXfs>'
  const days = ['0', '1', '59', '60', '61', '46053', '46053.5', '2958465', '2958466', '-1']
  const row = `<row>${days.map((day) => c(day, 's="1"')).join('')}${c('46053', 's="2"')}</row>`
  const shown = (texts: string[]) => `[${texts.join(',')}]`
  const date = (text: string) => `{"date":"${text}"}`
  const at = (text: string) => `{"timestamp":"${text}"}`
  expect(await rowsOf(row, { styles })).toEqual([
    shown([
      '0',
      ...['1900-01-01', '1900-02-28', '1900-02-29', '1900-03-01', '2026-01-31'].map(date),
      at('2026-01-31 12:00:00'),
      date('9999-12-31'),
      '2958466',
      '-1',
      at('2026-01-31 00:00:00'),
    ]),
  ])
  const before = '<workbookPr date1904="1"/>'
  const of1904 = ['0', '44591', '2957003', '2957004'].map((day) => c(day, 's="1"')).join('')
  expect(await rowsOf(`<row>${of1904}</row>`, { styles, before })).toEqual([
    shown([...['1904-01-01', '2026-01-31', '9999-12-31'].map(date), '2957004']),
  ])
})

test('a range is what is read; a sheet is found by its name, or else its number', async () => {
  const rows = [1, 2, 3, 4].map(
    (row) => `<row r="${row}">${[1, 2, 3].map((cell) => c(`${row}${cell}`)).join('')}</row>`,
  )
  const data = `<sheetData>${rows.join('')}</sheetData>`
  const bytes = await workbook({ sheets: { '2': data, other: '<sheetData/>' } })
  const read = async (range: string) =>
    linesIn(await unfolded(bytes, '2', { options: { range } })).rows
  expect(await read('B2:C3')).toEqual(['', '[22,23]', '[32,33]'])
  expect(await read('$B:$B')).toEqual(['[12]', '[22]', '[32]', '[42]'])
  const named = async (sheet: string) => (await tablesIn(bytes, { sheet })).map(({ name }) => name)
  expect(await named('2')).toEqual(['2'])
  expect(await named('OTHER')).toEqual(['other'])
  expect(await named('1')).toEqual(['2'])
  await expect(named('3')).rejects.toMatchObject({ code: 'sheet_unknown' })
})

test('a sheet may begin far down, and end in its last cell', async () => {
  const rows = await rowsOf('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
  expect(rows.length).toBe(1_048_576)
  expect(rows.at(-1)).toBe(`[${'null,'.repeat(16_383)}1]`)
})
