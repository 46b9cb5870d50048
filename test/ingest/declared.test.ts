/** Declared columns, end to end: PostgreSQL reads the types, and what does not fit is a reject. */
import { expect, test } from 'vitest'
import { build, eachVerb } from '../harness.ts'
import { retryAll } from '../retry.ts'

const harness = await build({ spec: { rejects: { max: '100%' } } })
await harness.startWorker()
await harness.db.query(`
  create type mood as enum ('glad', 'sad');
  create domain share as numeric check (value between 0 and 1);
  create schema "Odd ""one";
  create type "Odd ""one"."ty""pe" as enum ('x')`)

const ingest = async (table: string, content: string, target: object, name = `${table}.csv`) =>
  harness.ingest({
    source: { kind: 'directory', path: await harness.file(name, content) },
    target: { table, ...target },
  })

const shapeOf = async (table: string) => {
  const { rows } = await harness.db.query(
    `select attname as name, format_type(atttypid, atttypmod) as type, attnotnull as "notNull",
            pg_get_expr(adbin, adrelid) as value
     from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
     where attrelid = to_regclass($1) and attnum > 0 order by attnum`,
    [table],
  )
  return rows.map(({ name, type, notNull, value }) =>
    [name, type, ...(notNull ? ['not null'] : []), ...(value ? [`default ${value}`] : [])].join(
      ' ',
    ),
  )
}

const rejectsOf = async (ingestId: string) =>
  (await harness.rejects(ingestId)).map(({ line, code, column }) => [line, code, column])

const columns = {
  id: 'int not null',
  amount: 'numeric(6, 2)',
  mood: 'mood',
  tags: 'text []',
  share: 'share',
  odd: '"Odd ""one"."ty""pe"',
  source: "varchar(9) default 'it''s' not null",
}

test.each([true, false])('any type that PostgreSQL has, atomic: %s', async (atomic) => {
  const table = `any_${atomic}`
  const content = [
    'Id,amount,mood,tags,share,odd,n',
    '1,12.345,glad,"{a,b}",0.5,x,7',
    ',1,glad,{},0,x,8',
    '3,1,angry,{},0,x,9',
    '4,1,sad,{,0,x,10',
    '5,1,sad,{},2,x,11',
    '6,99999,sad,{},1,x,12',
    '7,,,,,,',
  ]
  const view = await ingest(table, `${content.join('\n')}\n`, { columns, atomic })
  expect(view).toMatchObject({ state: 'completed', rowsRead: 7, rowsLoaded: 2, rowsRejected: 5 })
  expect(await shapeOf(table)).toEqual([
    'id integer not null',
    'amount numeric(6,2)',
    'mood mood',
    'tags text[]',
    'share share',
    'odd "Odd ""one"."ty""pe"',
    'n bigint',
    "source character varying(9) not null default 'it''s'::character varying",
  ])
  const { rows } = await harness.db.query(`select * from ${table} order by id`)
  expect(rows).toEqual([
    expect.objectContaining({ id: 1, amount: '12.35', mood: 'glad', n: 7, source: "it's" }),
    expect.objectContaining({ id: 7, amount: null, mood: null, n: null, source: "it's" }),
  ])
  expect(await rejectsOf(view.ingestId)).toEqual([
    [3, '23502', 'id'],
    [4, '22P02', 'mood'],
    [5, '22P02', 'tags'],
    [6, expect.stringMatching(/^(23514|22P02)$/), 'share'],
    [7, expect.stringMatching(/^22/), 'amount'],
  ])
  await harness.db.query(`alter table ${table} alter id drop not null`)
  expect(await retryAll(harness, view.ingestId)).toMatchObject({ rowsLoaded: 1, rowsOpen: 4 })
})

test('with types of all text, and in other formats', async () => {
  const some = { columns: { amount: 'numeric(9,1)', day: 'date' } }
  await ingest('all_text', 'id,amount,day\n1,2.55,2026-01-31\n', { ...some, types: 'text' })
  expect(await shapeOf('all_text')).toEqual(['id text', 'amount numeric(9,1)', 'day date'])
  const lines = '{"id":1,"amount":2.55,"day":"2026-01-31"}\n{"id":2,"amount":"x"}\n'
  const view = await ingest('of_lines', lines, some, 'of_lines.ndjson')
  expect(view).toMatchObject({ rowsLoaded: 1, rowsRejected: 1 })
  expect(await shapeOf('of_lines')).toEqual(['id bigint', 'amount numeric(9,1)', 'day date'])
})

test('a large ingest, verb by verb', async () => {
  const path = await harness.file('each.csv', 'id,n\n1,a\n,b\n')
  const target = { table: 'each', columns: { id: 'smallint not null' } }
  const id = await harness.start({ source: { kind: 'directory', path }, target }, eachVerb)
  expect(await harness.ended(id)).toMatchObject({ rowsLoaded: 1, rowsRejected: 1 })
  expect(await shapeOf('each')).toEqual(['id smallint not null', 'n text'])
  const [reject] = await harness.rejects(id)
  // It names the target, and not the table that it was copied into.
  expect(reject?.error).toBe(
    'null value in column "id" of relation "each" violates not-null constraint',
  )
})

const hostile = [
  'int); drop table any_true; --',
  'money2',
  'anyelement',
  'setof int',
  "int default 'x'",
  'int primary key',
  'numeric(2000,1)',
  `"x"" int, y" default 'a'`,
  'int default 1); drop table any_true',
  'int default pg_sleep(9)',
]

test('what is no type is an error that names it, and nothing is read', async () => {
  const path = await harness.file('hostile.csv', 'id\n1\n')
  const views = await Promise.all(
    hostile.map((type) =>
      harness.ingest({
        source: { kind: 'directory', path },
        target: { table: 'hostile', columns: { id: type } },
      }),
    ),
  )
  for (const [at, { error, files }] of views.entries()) {
    expect({ code: error?.code, files }).toEqual({ code: 'declared_type_invalid', files: 0 })
    expect(error?.message).toContain(`The column id cannot be declared as ${hostile[at]}: `)
  }
  expect(await shapeOf('hostile')).toEqual([])
  expect(await shapeOf('any_true')).not.toEqual([])
})

test('a declared column that no file has is an error, unless a default says what is in it', async () => {
  const missing = await ingest('missing', 'id\n1\n', { columns: { amuont: 'int' } })
  expect(missing.error).toMatchObject({
    code: 'declared_column_missing',
    message: 'No file has the columns that are declared: amuont. The files have: id.',
  })
  await ingest('nulls', 'id\n1\n', { columns: { 'a\'b"': 'int default null' } })
  expect(await shapeOf('nulls')).toEqual(['id bigint', 'a\'b" integer'])
})

test('a table that is there: what contradicts it names both, and new columns get their type', async () => {
  await harness.db.query(`create table there (id integer, "Name" text not null)`)
  const load = (columns: object, more = {}) =>
    ingest('there', 'id,name,more\n1,a,2\n', { columns, schema: 'evolve', ...more })
  const problems = [
    [{ id: 'bigint' }, 'id is declared as bigint, and id is integer there'],
    [{ id: 'int not null' }, 'id is declared as int not null, and id is integer there'],
    [
      { name: "text default 'a'" },
      "name is declared as text default 'a', and Name is text not null there, without a default",
    ],
    [
      { more: 'int not null' },
      'more is declared as int not null, and the rows that it has have no value for it',
    ],
  ] as const
  for (const [declared, problem] of problems) {
    const { error } = await load(declared)
    expect(error).toMatchObject({
      code: 'shape_contradicted',
      message: `The table public.there is not as it is declared: ${problem}.`,
    })
  }
  const { error } = await load({ more: 'int' }, { schema: 'freeze' })
  expect(error?.message).toContain('more is declared as int, and it has no such column')
  const view = await load({
    id: 'int4',
    NAME: 'text',
    more: 'smallint',
    flag: 'bool not null default true',
  })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 1 })
  expect(await shapeOf('there')).toEqual([
    'id integer',
    'Name text not null',
    'more smallint',
    'flag boolean not null default true',
  ])
  expect((await harness.db.query('select * from there')).rows).toEqual([
    { id: 1, Name: 'a', more: 2, flag: true },
  ])
})
