/** Trial inputs whose quotes COPY would drop, or merge cells by: each row as it stands. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { build } from '../harness.ts'

const harness = await build()
await harness.startWorker()

/** The rows of the table as the ingest left them, and its rejects. */
async function load(name: string) {
  const table = name.replaceAll('-', '_')
  const content = await readFile(join(import.meta.dirname, `${name}.csv`))
  const path = await harness.file(`${name}.csv`, content)
  const view = await harness.ingest({ source: { kind: 'directory', path }, target: { table } })
  expect(view.error).toBeNull()
  const { rows } = await harness.db.query(`select t.* from ${table} t order by t`)
  return {
    rows: rows.map((row) => Object.values(row)),
    rejects: await harness.rejects(view.ingestId),
  }
}

test('gtfs-unquoted-quote', async () => {
  const { rows, rejects } = await load('gtfs-unquoted-quote')
  expect(rejects).toEqual([])
  expect(rows.length).toBe(51)
  expect(rows.slice(49).map((row) => row.map(String))).toEqual([
    ['50', 'Main St "A" side', '40.1'],
    ['51', '5th" Ave', '40.2'],
  ])
})

test('inch-marks-with-quotes', async () => {
  const { rows, rejects } = await load('inch-marks-with-quotes')
  expect(rejects).toEqual([])
  expect(rows.map(([, ...texts]) => texts)).toEqual([
    ['Smith, J', '6" pipe'],
    ['Doe, A', '8" and 9" tube'],
    ['x', '7" a'],
    ['y', '8" b'],
  ])
})

test('excel-formula-strings', async () => {
  const { rows, rejects } = await load('excel-formula-strings')
  expect(rejects).toEqual([])
  expect(rows.map(([, code]) => code)).toEqual(['="001"', '="002"'])
})

test('single-quotes-backslash-json', async () => {
  const { rows, rejects } = await load('single-quotes-backslash-json')
  expect(rejects).toEqual([])
  expect(rows.map((row) => [row[0], row[1], row[3]])).toEqual([
    ['AAA', 'BBB', null],
    ['CCC', 'DDD', null],
  ])
  const values = rows.map((row) => (typeof row[4] === 'string' ? JSON.parse(row[4]) : row[4]))
  expect(values).toEqual([{ D: ["lady's@example.org", 'x'] }, { D: ['a', 'b'] }])
})

test('what --ragged trim drops is counted, and a column that goes is named', async () => {
  const few = ['a,b', '1,2,', '1,2', '1,2,text,more', 'x,y,"",""', '5,6,7']
  const all = ['a,b', ...Array.from({ length: 20 }, (_, at) => `${at},x,text ${at}`)]
  const notes = async (table: string, lines: string[]) => {
    const path = await harness.file(`${table}.csv`, `${lines.join('\n')}\n`)
    const view = await harness.ingest({
      source: { kind: 'directory', path },
      format: { ragged: 'trim', columns: ['a', 'b'], header: true },
      target: { table },
    })
    expect(view).toMatchObject({ error: null, rowsLoaded: lines.length - 1 })
    const found = await harness.db.query(
      `select code, subject, message, count from sluice.notes
       where ingest_id = $1 and code like '%trimmed' order by note_no`,
      [view.ingestId],
    )
    return found.rows.map(({ code, subject, message, count }) => [
      code,
      subject,
      message,
      Number(count),
    ])
  }
  expect(await notes('trim_few', few)).toEqual([
    ['text_trimmed', '', '2 rows had text behind the last column, in 3 fields: it was dropped.', 2],
  ])
  expect(await notes('trim_all', all)).toEqual([
    [
      'text_trimmed',
      '',
      '20 rows had text behind the last column, in 20 fields: it was dropped.',
      20,
    ],
    [
      'column_trimmed',
      'field 3',
      'Field 3 has no column, but text in 20 of 20 rows: all of it was dropped.',
      20,
    ],
  ])
})

test.each(['append', 'replace'] as const)(
  'a file of records that all have stray quotes is not taken for an empty one: %s',
  async (mode) => {
    const table = `no_sound_record_${mode}`
    await harness.db.query(
      `create table ${table} (a text, b text); insert into ${table} values (0)`,
    )
    const path = await harness.file(`${table}.json`, '{"a":1,"b":2}\n{"a":3,"b":4}\n')
    const view = await harness.ingest({
      source: { kind: 'directory', path },
      target: { table, mode },
      // Without it this is JSON.
      format: { delimiter: ',' },
    })
    expect(view).toMatchObject({ error: { code: 'every_row_rejected' }, rowsRead: 2 })
    expect(await harness.rejects(view.ingestId)).toMatchObject([
      { line: 1, code: 'quote_misplaced', raw: '{"a":1,"b":2}' },
      { line: 2, code: 'quote_misplaced', raw: '{"a":3,"b":4}' },
    ])
    const { rows } = await harness.db.query(`select a from ${table}`)
    expect(rows).toEqual([{ a: '0' }])
  },
)
