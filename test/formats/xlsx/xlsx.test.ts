/** Workbooks through the command line, a worker and PostgreSQL. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { buildApi } from '../../api/server.ts'
import { commandsBeside } from '../../cli/inProcess.ts'
import { zip } from '../../zip.ts'
import { type Parts, workbook } from './workbook.ts'

const fixture = (name: string) => fileURLToPath(new URL(`./files/${name}`, import.meta.url))
const api = await buildApi()
beforeAll(() => api.startWorker())

const run = commandsBeside(api)

/** Ingests it under the name of its table. */
const ingest = (path: string, table: string, ...args: string[]) =>
  run('ingest', path, '--into', table, '--id', table, '--queue', api.queue, ...args)

async function write(name: string, content: Buffer | string): Promise<string> {
  const path = join(api.folder, name)
  await writeFile(path, content)
  return path
}
const rowsOf = async (query: string) => (await api.db.query(query)).rows
const typesOf = async (table: string) =>
  Object.fromEntries(
    (
      await rowsOf(`select attname, format_type(atttypid, atttypmod) as type from pg_attribute
        where attrelid = '${table}'::regclass and attnum > 0 and not attisdropped order by attnum`)
    ).map(({ attname, type }) => [attname, type]),
  )

const cell = (value: string | number, attributes = '') => `<c ${attributes}><v>${value}</v></c>`
const text = (value: string) => `<c t="inlineStr"><is><t>${value}</t></is></c>`
const row = (...cells: string[]) => `<row>${cells.join('')}</row>`
const styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
const sheets = (all: Record<string, string[]>, more: Parts = {}) =>
  workbook({
    styles,
    ...more,
    sheets: Object.fromEntries(
      Object.entries(all).map(([name, rows]) => [name, `<sheetData>${rows.join('')}</sheetData>`]),
    ),
  })

test('a table below titles: its header is found, and the types are those of the cells', async () => {
  const path = fixture('xlsxwriter.xlsx')
  const done = await ingest(path, 'sales', '--format', 'xlsx', '--skip-footer', '1')
  expect(done).toMatchObject({ code: 0 })
  expect(await typesOf('sales')).toEqual({
    order: 'bigint',
    customer: 'text',
    amount: 'numeric',
    ordered: 'date',
    note: 'text',
  })
  const found = await rowsOf(`select "order"::int, customer, amount::text, ordered::text, note
    from sales order by 1 limit 2`)
  expect(found).toEqual([
    { order: 1000, customer: 'Ann', amount: '0', ordered: '2026-01-01', note: 'partly bold text' },
    { order: 1001, customer: 'Bob', amount: '10.25', ordered: '2026-01-02', note: null },
  ])
  expect(await rowsOf('select count(*)::int from sales')).toEqual([{ count: 12 }])
})

test('rejects have the row of the sheet and its cells; corrected, they are loaded', async () => {
  const rows = [
    row(text('id'), text('name'), text('day')),
    row(cell(1), text('1'), cell(46053, 's="1"')),
    row(cell('#N/A', 't="e"'), text('an error'), cell(46054, 's="1"')),
    '<row r="7"><c r="A7"><v>2.5</v></c><c r="B7" t="inlineStr"><is><t>no integer</t></is></c></row>',
    '<row r="9"><c r="A9"><v>3</v></c><c r="F9"><v>1</v></c></row>',
    '<row r="10"><c r="A10"><v>4</v></c></row>',
  ]
  await api.db.query('create table orders (id integer, name text, day date)')
  const path = await write('orders.xlsx', await sheets({ May: rows }))
  const done = await ingest(path, 'orders', '--max-rejects', '5')
  expect(done).toMatchObject({ code: 0, error: '' })
  expect(await rowsOf('select id, name, day::text from orders order by id')).toEqual([
    { id: 1, name: '1', day: '2026-01-31' },
    { id: 4, name: null, day: null },
  ])
  const file = 'orders-orders.xlsx/May'
  expect(await api.rejects('orders')).toMatchObject([
    {
      file,
      line: 3,
      column: 'id',
      code: 'error_cell',
      raw: '[{"error":"#N/A"},"an error",{"date":"2026-02-01"}]',
    },
    { file, line: 7, column: 'id', code: '22P02', raw: '[2.5,"no integer"]' },
    { file, line: 9, code: 'wrong_column_count', raw: '[3,null,null,null,null,1]' },
  ])
  const { out } = await run('rejects', 'orders', '--csv')
  const fixed = out
    .replace('{""error"":""#N/A""}', '2')
    .replace('[2.5,', '[25,')
    .replace(',null,null,null,null,1]', ']')
  const retried = await run('retry-rejects', 'orders', '--from', await write('fixed.csv', fixed))
  expect(retried).toMatchObject({ code: 0, error: '' })
  expect(await rowsOf('select id, name, day::text from orders order by id')).toEqual([
    { id: 1, name: '1', day: '2026-01-31' },
    { id: 2, name: 'an error', day: '2026-02-01' },
    { id: 3, name: null, day: null },
    { id: 4, name: null, day: null },
    { id: 25, name: 'no integer', day: null },
  ])
})

test('an error is NULL where that is said; empty texts of formulas are NULL beside numbers', async () => {
  const rows = [
    row(text('id'), text('share')),
    row(cell(1), cell('#DIV/0!', 't="e"')),
    row(cell(2), cell(0.5)),
    row(cell(3), cell('', 't="str"')),
  ]
  const path = await write('errors.xlsx', await sheets({ Sheet1: rows }))
  await ingest(path, 'errors', '--error-cells', 'null')
  expect(await typesOf('errors')).toEqual({ id: 'bigint', share: 'numeric' })
  const found = await rowsOf('select id::int, share::text from errors order by id')
  expect(found.map(({ share }) => share)).toEqual([null, '0.5', null])
})

test('all sheets are loaded, in the order of their names, or the one that is named', async () => {
  const month = (no: number) => [
    row(text('id'), text('name')),
    row(cell(no), text(`of month ${no}`)),
  ]
  const all = { January: month(1), February: month(2), Readme: [row(text('What this is about'))] }
  const path = await write('months.xlsx', await sheets(all))
  const done = await ingest(path, 'months')
  expect(done).toMatchObject({ code: 0 })
  expect(done.out + done.error).toContain('Readme')
  const found = await rowsOf('select id::int, name from months order by 1')
  expect(found.map(({ id }) => id)).toEqual([1, 2])
  await ingest(path, 'february', '--sheet', 'February')
  expect(await rowsOf('select id::int from february')).toEqual([{ id: 2 }])
})

test('what is hidden or merged is loaded, and told', async () => {
  const data = `<cols><col min="2" max="2" hidden="1"/></cols><sheetData>
    ${row(text('id'), text('name'))}${row(cell(1), text('a'))}
    <row r="3" hidden="1">${cell(2)}${text('b')}</row><row r="4"><c r="A4"><v>3</v></c></row>
    </sheetData><mergeCells count="1"><mergeCell ref="B3:B4"/><mergeCell ref="A1:B1"/></mergeCells>`
  const path = await write('hidden.xlsx', await workbook({ sheets: { Sheet1: data } }))
  const { out, error } = await ingest(path, 'hidden')
  const told = out + error
  const dry = await run('ingest', path, '--into', 'hidden_dry', '--dry-run')
  for (const note of ['1 merged ranges below its header: B3:B4', '1 hidden rows']) {
    expect(told).toContain(note)
    expect(dry.out).toContain(note)
  }
  expect(told).toContain('1 hidden columns, which were loaded: B')
  expect(await rowsOf('select id::int, name from hidden order by 1')).toEqual([
    { id: 1, name: 'a' },
    { id: 2, name: 'b' },
    { id: 3, name: null },
  ])
})

test('a dry run shows the sheet, its columns and what would be rejects', async () => {
  const rows = [row(text('id'), text('name')), row(cell(1), text('a')), row(cell('#N/A', 't="e"'))]
  const path = await write('dry.xlsx', await sheets({ Sheet1: rows }))
  const seen = await run('ingest', path, '--into', 'dry', '--dry-run')
  expect(seen.out).toMatch(/sheet +Sheet1/)
  expect(seen.out).toMatch(/header +the first record/)
  expect(seen.out).toMatch(/id +→ +id +bigint/)
  expect(seen.out).toContain('the cell has the error "#N/A"')
  const wrong = await run('ingest', path, '--into', 'dry', '--range', 'B9:A1')
  expect(wrong.error).toContain('there are no cells B9:A1 in a sheet')
})

test.each([
  ['date.xls', 'a workbook of Excel before 2007'],
  ['date.xlsb', 'a binary workbook'],
  ['pass_protected.xlsx', 'with a password'],
])('%s is refused with what to do', async (name, what) => {
  const path = fixture(`calamine/${name}`)
  for (const format of [['--format', 'xlsx'], []]) {
    const { code, error } = await run('ingest', path, '--into', 'none', '--dry-run', ...format)
    expect(code).not.toBe(0)
    expect(error).toContain(what)
    expect(error).toContain('save it as .xlsx')
  }
})

test('a zip of other files is no workbook, and a file of text is none', async () => {
  const archive = await write('plain.zip', await zip({ 'a.csv': 'id,name\n1,a\n' }))
  const sure = ['--format', 'xlsx', '--dry-run']
  const { error } = await run('ingest', archive, '--into', 'n', ...sure)
  expect(error).toContain('is no workbook of Excel')
  const ods = await write('a.ods', await zip({ 'META-INF/manifest.xml': '', 'content.xml': '' }))
  const refused = await run('ingest', ods, '--into', 'n', '--dry-run')
  expect(refused.error).toContain('an OpenDocument file')
})
