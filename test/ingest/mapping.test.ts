/** Fields that are renamed or left out, and columns beside them, end to end. */
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { inProcess } from '../cli/inProcess.ts'
import { workbook } from '../formats/xlsx/workbook.ts'
import { build, eachVerb } from '../harness.ts'
import { retryAll } from '../retry.ts'

const harness = await build({ spec: { rejects: { max: '100%' } } })
await harness.startWorker()

const rowsOf = async (table: string) => {
  const { rows } = await harness.db.query(
    `select to_jsonb(t) as row from ${table} t order by _line`,
  )
  return rows.map(({ row }) => row)
}

const typesOf = async (table: string) => {
  const { rows } = await harness.db.query(
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
     where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum`,
    [table],
  )
  return rows.map(({ name, type }) => `${name} ${type}`)
}

const all = {
  rename: { 'Old name': 'New "Name"', secret: 'kept' },
  drop: ['comment'],
  set: { source: 'c\\rm\t1', batch: '7' },
  add: ['_file', '_line', '_ingest', '_loaded_at'] as (
    | '_file'
    | '_line'
    | '_ingest'
    | '_loaded_at'
  )[],
}

const csv =
  'id,Old name,comment,SECRET\n1,a,"x\ty\nz",\\N\n\n2,"b\nc",x\nnope,d,x,y\n3,e,x,"f ""g"""\n'

test.each([
  [true, false],
  [true, true],
  [false, false],
])(
  'a new table or one that is there, atomic: %s, there: %s; places are those of the file',
  async (atomic, isThere) => {
    const table = `map_${atomic}_${isThere}`
    if (isThere) {
      await harness.db.query(`create table ${table} (_line integer, "New ""Name""" text, id integer,
      kept text, _file text, source text not null, batch integer, _ingest text, _loaded_at timestamptz)`)
    }
    const path = await harness.file(`${table}.csv`, csv)
    const target = { table, atomic, ...all, ...(!isThere && { columns: { id: 'integer' } }) }
    const id = await harness.start({ source: { kind: 'directory', path }, target }, eachVerb)
    const view = await harness.ended(id)
    expect(view).toMatchObject({ state: 'completed', error: null, rowsLoaded: 2, rowsRejected: 2 })
    const row = {
      batch: 7,
      source: 'c\\rm\t1',
      _file: path,
      _ingest: id,
      _loaded_at: expect.any(String),
    }
    const rows = [
      { ...row, id: 1, 'New "Name"': 'a', kept: '\\N', _line: 2 },
      { ...row, id: 3, 'New "Name"': 'e', kept: 'f "g"', _line: 8 },
    ]
    expect(await rowsOf(table)).toEqual(rows)
    if (!isThere) {
      expect(await typesOf(table)).toEqual([
        'id integer',
        'New "Name" text',
        'kept text',
        'batch bigint',
        'source text',
        '_file text',
        '_line bigint',
        '_ingest text',
        '_loaded_at timestamp with time zone',
      ])
    }
    const rejects = await harness.rejects(id)
    expect(rejects.map(({ line, column, raw }) => [line, column, raw])).toEqual([
      [5, null, '2,"b\nc",x'],
      [7, 'id', 'nope,d,x,y'],
    ])
    const told = view.notes.find(({ code }) => code === 'fields_dropped')
    expect(told?.message).toBe('Fields of the files were left out, as the spec says: "comment".')
    // A retry fills the same columns, with the place of the reject.
    await harness.db.query(`alter table ${table} alter id type text`)
    expect(await retryAll(harness, id)).toMatchObject({ rowsLoaded: 1, rowsOpen: 1 })
    expect((await rowsOf(table))[1]).toEqual({
      ...row,
      id: 'nope',
      'New "Name"': 'd',
      kept: 'y',
      _line: 7,
    })
  },
)

async function parquet(path: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const db = await instance.connect()
  await db.run(
    `copy (select 1 as id, 'x' as a, [1] as b union all select 2, null, [2] order by id) to '${path}' (format parquet)`,
  )
  db.closeSync()
  instance.closeSync()
}

const row = (n: number, ...cells: string[]) => `<row r="${n}">${cells.join('')}</row>`
const cell = (text: string) => `<c t="inlineStr"><is><t>${text}</t></is></c>`
const book = () =>
  workbook({
    sheets: {
      May: `<sheetData>${row(1, cell('id'), cell('a'), cell('b'))}${row(2, '<c><v>1</v></c>', cell('x'), cell('y'))}${row(3, '<c><v>2</v></c>', '<c/>', cell('y'))}</sheetData>`,
    },
  })

test.each<[string, string, () => Promise<string | Buffer | null>, number[]]>([
  ['ndjson', 'ndjson', async () => '{"id":1,"a":"x","b":[1]}\n\n{"b":2,"id":2}\n', [1, 3]],
  ['json', 'json', async () => '[{"id":1,"a":"x","b":[1]},{"b":2,"id":2}]', [1, 2]],
  ['parquet', 'parquet', async () => null, [1, 2]],
  ['xlsx', 'xlsx', book, [2, 3]],
  ['fixed', 'txt', async () => '1  x 1 \n2    2 \n', [1, 2]],
])('%s', async (kind, end, content, lines) => {
  const table = `of_${kind}`
  const path = join(harness.folder, `${table}.${end}`)
  const bytes = await content()
  if (bytes === null) await parquet(path)
  else await harness.file(`${table}.${end}`, bytes)
  const view = await harness.ingest({
    source: { kind: 'directory', path },
    target: {
      table,
      rename: { a: 'c' },
      drop: ['b'],
      set: { source: 'x' },
      add: ['_line', '_file'],
    },
    ...(kind === 'fixed' && { format: { kind: 'fixed' as const, widths: ['id:3', 'a:2', 'b:2'] } }),
  })
  expect(view.error).toBe(null)
  const file = kind === 'xlsx' ? `${path}/May` : path
  expect(await rowsOf(table)).toEqual([
    { id: 1, c: 'x', source: 'x', _line: lines[0], _file: expect.stringContaining(file) },
    { id: 2, c: null, source: 'x', _line: lines[1], _file: expect.stringContaining(file) },
  ])
})

test('many files are one unit, and each row has its own file and line', async () => {
  for (const name of ['a', 'b', 'c']) await harness.file(`many-${name}.csv`, `id\n${name}\n`)
  const view = await harness.ingest({
    source: { kind: 'directory', path: join(harness.folder, 'many-*.csv') },
    target: { table: 'many', add: ['_file', '_line'] },
  })
  expect(view).toMatchObject({ units: 1, rowsLoaded: 3 })
  const { rows } = await harness.db.query('select id, _file, _line from many order by id')
  expect(rows).toEqual(
    ['a', 'b', 'c'].map((id) => ({ id, _file: join(harness.folder, `many-${id}.csv`), _line: 2 })),
  )
})

test.each([
  [{ drop: ['comments'] }, 'mapped_field_unknown', 'comments. They have: id, comment'],
  [{ rename: { nope: 'a' } }, 'mapped_field_unknown', 'nope. They have: id, comment'],
  [{ rename: { id: 'comment' } }, 'mapped_name_taken', 'a field comment'],
  [{ set: { ID: 'x' } }, 'mapped_name_taken', 'a field ID'],
  [{ drop: ['id', 'comment'] }, 'fields_all_dropped', ''],
])('%j is an error: %s', async (mapping, code, text) => {
  const path = await harness.file('wrong.csv', 'id,comment\n1,x\n')
  const { error } = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'wrong', ...mapping },
  })
  expect(error?.code).toBe(code)
  expect(error?.message).toContain(text)
  expect(await typesOf('wrong')).toEqual([])
})

test('a dry run shows the same', async () => {
  const path = await harness.file('dry.csv', csv)
  const words = ['ingest', path, '--into', 'dry', '--dry-run', '--json']
  const flags = [
    '--rename',
    'Old name=new',
    '--drop',
    'comment',
    '--set',
    'source=crm',
    '--add',
    '_file,_line',
  ]
  const { out } = await inProcess([...words, ...flags], { DATABASE_URL: harness.databaseUrl })
  const seen = JSON.parse(out)
  expect(seen.problem).toBe(null)
  expect(seen.columns.map(({ name, type }: Record<string, string>) => `${name} ${type}`)).toEqual([
    'id text',
    'new text',
    'secret text',
    'source text',
    '_file text',
    '_line bigint',
  ])
  expect(seen.header).toEqual(['id', 'Old name', 'SECRET'])
  expect(seen.records[0]).toEqual(['1', 'a', '\\N', 'crm', path, '2'])
})
