/** Files of fixed width, from a file to a table: types, encodings, lines of another width, rejects. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import iconv from 'iconv-lite'
import { beforeAll, expect, test } from 'vitest'
import { buildApi } from '../../api/server.ts'
import { commandsBeside } from '../../cli/inProcess.ts'

const api = await buildApi()
beforeAll(() => api.startWorker())

const run = commandsBeside(api)
const rowsOf = async (sql: string) => (await api.db.query(sql)).rows
const typesOf = async (table: string) =>
  Object.fromEntries(
    (
      await rowsOf(`select attname, format_type(atttypid, atttypmod) as type from pg_attribute
        where attrelid = '${table}'::regclass and attnum > 0 order by attnum`)
    ).map(({ attname, type }) => [attname, type]),
  )

async function write(name: string, content: string | Buffer): Promise<string> {
  const path = join(api.folder, name)
  await writeFile(path, content)
  return path
}

async function ingest(path: string, table: string, format: object) {
  const source = { kind: 'directory' as const, path }
  const spec = { source, format: { kind: 'fixed', ...format }, target: { table } }
  return api.ingest(spec as never)
}

/** Columns of 6, 12, 10 and 10 characters. */
const line = (...values: string[]): string =>
  values.map((value, at) => value.padEnd([6, 12, 10, 10][at] as number)).join('')
const widths = ['id:6', 'name:12', 'amount:10', 'day:10']

test('types of a new table come from all values, and one odd value widens its column', async () => {
  const lines = Array.from({ length: 20_000 }, (_, at) =>
    line(String(at), `name ${at % 7}`, `${at}.50`, '2024-01-31'),
  )
  lines[19_000] = line('19000', '', '7', '2024-01-31')
  const path = await write(
    'types.txt',
    `${line('ID', 'NAME', 'AMOUNT', 'DAY')}\n${lines.join('\n')}`,
  )
  const view = await ingest(path, 'types', { widths, skipRows: 1 })
  expect(view).toMatchObject({ error: null, rowsLoaded: 20_000, rowsRejected: 0 })
  expect(await typesOf('types')).toEqual({
    id: 'bigint',
    name: 'text',
    amount: 'numeric',
    day: 'date',
  })
  expect(
    await rowsOf('select count(*), sum(id)::int as ids, count(name) as names from types'),
  ).toEqual([{ count: 20_000, ids: (20_000 * 19_999) / 2, names: 19_999 }])
  lines[19_500] = line('00501', 'x', '1,5', 'soon')
  const odd = await write('odd.txt', lines.join('\r\n'))
  const widened = await ingest(odd, 'widened', { widths })
  expect(widened).toMatchObject({ error: null, rowsLoaded: 20_000, rowsRejected: 0 })
  expect(await typesOf('widened')).toEqual({
    id: 'text',
    name: 'text',
    amount: 'text',
    day: 'text',
  })
  const became = widened.notes.filter(({ code }) => code === 'column_became_text')
  expect(became.map(({ column, line: at, value }) => [column, at, value])).toEqual([
    ['id', 19_501, '00501'],
    ['amount', 19_501, '1,5'],
    ['day', 19_501, 'soon'],
  ])
  expect(await rowsOf(`select * from widened where id = '00501'`)).toEqual([
    { id: '00501', name: 'x', amount: '1,5', day: 'soon' },
  ])
})

test('widths count characters in each encoding, and values may be in other terms', async () => {
  await api.db.query('create table terms (id int, name text, amount numeric, day date, ok boolean)')
  const text = `${line('1', 'Zoë Ödön', '1.234,50', '31.12.2024')}ja\r\n${line('2', 'NA', '-7', '01.02.2024')}ne\r\n`
  const format = {
    ...{ widths: [...widths, 'ok:2'], decimal: ',', thousands: '.', dates: 'DMY' },
    ...{ true: ['ja'], false: ['ne'], null: ['NA', ''] },
  }
  for (const encoding of ['utf-8', 'latin1', 'utf-16le', 'gb18030']) {
    await api.db.query('truncate terms')
    const path = await write(`terms-${encoding}.txt.gz`, gzipSync(iconv.encode(text, encoding)))
    const view = await ingest(path, 'terms', { ...format, encoding })
    expect(view, encoding).toMatchObject({ error: null, rowsLoaded: 2, rowsRejected: 0 })
    expect(
      await rowsOf('select id, name, amount::text, day::text, ok from terms order by id'),
    ).toEqual([
      { id: 1, name: 'Zoë Ödön', amount: '1234.50', day: '2024-12-31', ok: true },
      { id: 2, name: null, amount: '-7', day: '2024-02-01', ok: false },
    ])
  }
})

test('lines of another width are rejects, or what --ragged makes of them, and that is told', async () => {
  const lines = [
    line('1', 'as it is', '1', '2024-01-31'),
    line('2', 'too short', '2'),
    `${line('3', 'too long', '3', '2024-01-31')} more`,
    `${line('4', 'only blanks', '4', '2024-01-31')}      `,
    '',
    '5     cut',
    '\x1a',
  ]
  for (let id = 8; id < 12; id++) lines.unshift(line(`${id}`, '', '', ''))
  const path = await write('ragged.txt', lines.join('\n'))
  const table = async (name: string, ragged?: string) => {
    const columns = 'id int, name text, amount int, day date'
    await api.db.query(`create table ${name} (${columns})`)
    return ingest(path, name, { widths, ...(ragged && { ragged }) })
  }
  const strict = await table('strict')
  expect(strict).toMatchObject({ error: null, rowsLoaded: 6, rowsRejected: 3 })
  const rejects = await api.rejects(strict.ingestId)
  expect(rejects.map(({ line: at, code, error, raw }) => [at, code, error, raw])).toEqual([
    [6, 'wrong_line_width', '28 characters instead of 38', lines[5]],
    [7, 'wrong_line_width', '43 characters instead of 38', lines[6]],
    [10, 'wrong_line_width', '9 characters instead of 38', lines[9]],
  ])
  const [likely] = strict.notes.filter(({ code }) => code === 'rejects_likely')
  expect(likely?.hint).toContain('Lines have up to 43 characters')
  const fitted = await table('fitted', 'fit')
  expect(fitted).toMatchObject({ error: null, rowsLoaded: 9, rowsRejected: 0 })
  expect(
    await rowsOf('select id, name, amount, day::text from fitted where id < 8 order by id'),
  ).toEqual([
    { id: 1, name: 'as it is', amount: 1, day: '2024-01-31' },
    { id: 2, name: 'too short', amount: 2, day: null },
    { id: 3, name: 'too long', amount: 3, day: '2024-01-31' },
    { id: 4, name: 'only blanks', amount: 4, day: '2024-01-31' },
    { id: 5, name: 'cut', amount: null, day: null },
  ])
  const told = fitted.notes.map(({ code }) => code)
  expect(told).toEqual(expect.arrayContaining(['text_trimmed', 'rows_padded']))
})

test('without widths an error proposes some; a dry run shows them, and rejects', async () => {
  const path = await write(
    'shown.txt',
    `${line('id', 'name', 'amount', 'day')}\n${line('1', 'Ada', 'x', '2024-01-31')}\n${line('2', '', '2', '')}\n`,
  )
  const lacking = await run('ingest', path, '--format', 'fixed', '--into', 'shown', '--dry-run')
  expect(lacking.error).toContain('--widths id:6,name:12,amount:10,day:10 --skip-rows 1')
  await api.db.query('create table shown (id int, name text, amount int, day date)')
  const flags = ['--widths', widths.join(','), '--skip-rows', '1', '--into', 'shown']
  const { out, code } = await run('ingest', path, ...flags, '--dry-run')
  expect(code).toBe(0)
  expect(out).toMatch(/widths +id 1-6, name 7-18, amount 19-28, day 29-38 +given/)
  expect(out).toContain('1 would be a reject')
  for (const wrong of ['id', 'id:0', 'id:5-3', 'id:3,id:4', ':4']) {
    const refused = await run('ingest', path, '--widths', wrong, '--into', 'shown')
    expect(refused.code, wrong).toBe(2)
  }
})

test('rejects are corrected as lines; a footer and blanks stay where they are said to', async () => {
  const lines = [line('1', '  padded', '1', ''), line('2', 'odd', 'x', ''), 'TOTAL 2']
  const path = await write('mended.txt', `${lines.join('\n')}\n`)
  await api.db.query('create table mended (id int, name text, amount int, day date)')
  const flags = ['--widths', widths.join(','), '--skip-footer', '1', '--trim', 'right']
  const more = ['--into', 'mended', '--id', 'mended-fixed', '--queue', api.queue]
  expect(await run('ingest', path, ...flags, ...more)).toMatchObject({ code: 0 })
  const { out } = await run('rejects', 'mended-fixed', '--csv')
  const corrected = await write('corrected.csv', out.replace(/x {9}/, '12        '))
  const retried = await run('retry-rejects', 'mended-fixed', '--from', corrected)
  expect(retried.out).toContain('1 of 1 reject loaded after all')
  expect(await rowsOf('select id, name, amount from mended order by id')).toEqual([
    { id: 1, name: '  padded', amount: 1 },
    { id: 2, name: 'odd', amount: 12 },
  ])
})
