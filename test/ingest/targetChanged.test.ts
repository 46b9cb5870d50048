/** A target that is altered between plan and publish: it is told, and nothing is written. */
import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { createActivities } from '../../activities/index.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { readNotes } from '../../src/postgres/ledger/notes.ts'
import { checkSpec } from '../../src/spec/checkSpec.ts'
import { fullSpec } from '../../src/spec/spec.ts'
import { build } from '../harness.ts'
import { testDeps } from './deps.ts'
import { planner, runVerb as run } from './planned.ts'

const harness = await build()
const { listSource, planIngest, sweepIngest } = createActivities(testDeps(harness))
const planned = planner(harness)
let count = 0

const rowsOf = async (table: string) => (await harness.db.query(`select * from ${table}`)).rows

const changes: [string, string, RegExp][] = [
  ['renamed', 'alter table T rename b to z', /b is named z now/],
  ['dropped', 'alter table T drop b', /the column b is gone/],
  ['of another type', 'alter table T alter b type varchar(3)', /b was text and is character/],
  ['not null', 'alter table T alter b set not null', /b is not null now/],
  [
    'with another default',
    `alter table T alter c set default 'z'`,
    /default of c was .* and is 'z'/,
  ],
  ['generated', 'alter table T drop b, add b text generated always as (c) stored', /b is/],
  [
    'joined by one that needs a value',
    'delete from T; alter table T add d int not null',
    /d is not null/,
  ],
  ['of a view', 'alter table T rename to T_old; create view T as select * from T_old', /a view/],
  [
    'of another table',
    'alter table T rename to T_old; create table T (like T_old)',
    /another table/,
  ],
  [
    'of a partitioned table',
    `drop table T; create table T (a int, b text, c text default 'x') partition by list (a);
     create table T_p partition of T default`,
    /partitioned table now/,
  ],
  [
    'of a domain with a new constraint that no row is held against',
    'alter domain short add constraint tiny check (length(value) < 1) not valid',
    /the domain of b has a new constraint, CHECK .* NOT VALID/,
  ],
]
const typeOf = (what: string) => (what.startsWith('of a domain') ? 'short' : 'text')

beforeEach(() => harness.db.query('drop domain if exists short cascade; create domain short text'))

describe.each(['append', 'replace'] as const)('%s', (mode) => {
  test.each(changes)('the column or the table is %s', async (what, sql, words) => {
    const table = `changed_${mode}_${changes.findIndex(([each]) => each === what)}`
    await harness.db.query(`create table ${table} (a int, b ${typeOf(what)}, c text default 'x');
      insert into ${table} values (9, 'old', 'old')`)
    const { load, publish } = await planned('a,b\n1,x\n2,y\n', { table, mode })
    await load()
    await harness.db.query(sql.replaceAll('T', table))
    const before = await rowsOf(table)
    await expect(publish()).rejects.toMatchObject({ type: 'target_changed', nonRetryable: true })
    await expect(publish()).rejects.toThrow(words)
    expect(await rowsOf(table)).toEqual(before)
  })
})

test.each([
  [
    'an index and a column that fills itself',
    'create index on T (a); alter table T add d int default 3',
  ],
  ['a column that no file fills, dropped', 'alter table T drop c'],
  ['a constraint that the rows meet', 'alter table T add check (a > 0)'],
  ['a constraint of its domain that the rows meet', 'alter domain short add check (value > $$$$)'],
])('what the plan did not rely on may change: %s', async (_, sql) => {
  const table = `unchanged_${++count}`
  await harness.db.query(`create table ${table} (a int, b short, c text default 'x')`)
  const { load, publish } = await planned('a,b\n1,x\n', { table })
  await load()
  await harness.db.query(sql.replaceAll('T', table))
  expect(await publish()).toMatchObject({ rowsLoaded: 1 })
  expect(await rowsOf(table)).toMatchObject([{ a: 1, b: 'x' }])
})

test('a constraint that came after the plan, and that rows break', async () => {
  await harness.db.query('create table bound (a int, b text)')
  const { load, publish } = await planned('a,b\n1,x\n-2,y\n', { table: 'bound' })
  await load()
  await harness.db.query('alter table bound add constraint positive check (a > 0)')
  await expect(publish()).rejects.toMatchObject({ type: 'target_changed' })
  await expect(publish()).rejects.toThrow(/has a constraint, .* that it did not have.*positive/)
  expect(await rowsOf('bound')).toEqual([])
})

test('a table that another ingest has replaced is taken, one that somebody dropped is made anew', async () => {
  await harness.db.query(
    `create table swapped (a int, b text); insert into swapped values (9, 'old')`,
  )
  const adds = await planned('a,b\n1,x\n', { table: 'swapped' })
  const replaces = await planned('a,b\n2,y\n', { table: 'swapped', mode: 'replace' })
  await replaces.load()
  await adds.load()
  await replaces.publish()
  await adds.publish()
  expect(await rowsOf('swapped')).toEqual([
    { a: 2, b: 'y' },
    { a: 1, b: 'x' },
  ])
  await harness.db.query('create table gone (a int primary key, b text)')
  const { ingestId, load, publish } = await planned('a,b\n1,x\n', { table: 'gone' })
  await load()
  await harness.db.query('drop table gone')
  await publish()
  expect(await rowsOf('gone')).toEqual([{ a: 1, b: 'x' }])
  const notes = await readNotes(harness.db, ingestId, 9)
  expect(notes).toMatchObject([{ code: 'target_made_anew' }])
})

test('two ingests into a new table: the second one goes in as it is written, or not at all', async () => {
  const [first, second, third] = [
    await planned('a,b\n1,x\n', { table: 'fresh' }),
    await planned('b,a\ny,2\n', { table: 'fresh' }),
    await planned('a,b\n2.5,x\n', { table: 'fresh' }),
  ]
  for (const { load } of [first, second, third]) await load()
  await first.publish()
  await second.publish()
  await expect(third.publish()).rejects.toThrow(/a is bigint, and the rows have it as numeric/)
  expect(await rowsOf('fresh')).toEqual([
    { a: 1, b: 'x' },
    { a: 2, b: 'y' },
  ])
})

describe('straight into the target', () => {
  test.each([
    ['renamed', 'alter table T rename b to c', /b is named c now/],
    ['narrower', 'alter table T alter a type int using a', /a was double precision and is integer/],
    ['gone', 'drop table T', /does not exist any more/],
    ['replaced', 'drop table T; create table T (a float, b text)', /another table/],
  ])('it is %s before the load', async (what, sql, words) => {
    const table = `straight_${what}`
    await harness.db.query(`create table ${table} (a float, b text)`)
    const { load } = await planned('a,b\n1.5,x\n', { table, atomic: false })
    await harness.db.query(sql.replaceAll('T', table))
    await expect(load()).rejects.toMatchObject({ type: 'target_changed', nonRetryable: true })
    await expect(load()).rejects.toThrow(words)
    await harness.db.query(`create table if not exists ${table} ()`)
    expect(await rowsOf(table)).toEqual([])
  })

  test('its rows are taken away with it before publish', async () => {
    await harness.db.query('create table taken (a int)')
    const { load, publish } = await planned('a\n1\n', { table: 'taken', atomic: false })
    await load()
    await harness.db.query('drop table taken; create table taken (a int)')
    await expect(publish()).rejects.toThrow(/another table has taken its name/)
  })

  test.each([
    ['taken', 'by another table'],
    ['kept', 'by rows in the same table'],
  ])('it is %s when an ingest replaces them before publish, %s', async (what) => {
    const table = `behind_${what}`
    const key = what === 'kept' ? ' primary key' : ''
    await harness.db.query(`create table ${table} (a int${key})`)
    const oid = async () => (await harness.db.query(`select '${table}'::regclass::oid`)).rows
    const before = await oid()
    const adds = await planned('a\n1\n2\n', { table, atomic: false })
    const late = await planned('a\n3\n', { table, atomic: false })
    const replaces = await planned('a\n7\n', { table, mode: 'replace' })
    await replaces.load()
    await adds.load()
    await replaces.publish()
    expect(JSON.stringify(await oid()) === JSON.stringify(before)).toBe(what === 'kept')
    await expect(adds.publish()).rejects.toMatchObject({ type: 'target_changed' })
    const words = new RegExp(`ingest ${replaces.ingestId} has replaced .* with 2 rows of this one`)
    await expect(adds.publish()).rejects.toThrow(words)
    // It came before the rows of this one, and took none of them.
    await late.load()
    expect(await late.publish()).toMatchObject({ rowsLoaded: 1 })
    expect(await rowsOf(table)).toEqual([{ a: 7 }, { a: 3 }])
  })
})

test('replace leaves the rows of tables that inherit from the target', async () => {
  await harness.db.query(`create table parent (a int, b text); create table child () inherits (parent);
    insert into parent values (1, 'old'); insert into child values (2, 'child')`)
  const { load, publish } = await planned('a,b\n3,new\n', { table: 'parent', mode: 'replace' })
  await load()
  await publish()
  expect(await rowsOf('only parent')).toEqual([{ a: 3, b: 'new' }])
  expect(await rowsOf('child')).toEqual([{ a: 2, b: 'child' }])
  await harness.db.query(`create table parts (a int, b text) partition by list (a);
    create table parts_1 partition of parts for values in (1);
    create table parts_x partition of parts default; insert into parts values (1, 'old'), (2, 'old')`)
  const parts = await planned('a,b\n1,new\n', { table: 'parts', mode: 'replace' })
  await parts.load()
  await parts.publish()
  expect(await rowsOf('parts')).toEqual([{ a: 1, b: 'new' }])
})

test.each([
  'pg_catalog.pg_authid',
  ' PG_CATALOG . pg_authid '.replaceAll(' . ', '.'),
  '"pg_catalog"."pg_authid"',
  'pg_toast.pg_toast_1255',
  'pg_temp.mine',
  'information_schema.sql_features',
  'sluice.ingests',
  'Sluice.INGESTS',
  '"sluice"."ingests"',
  'sluice_more.x',
  'sluice_landing_0123456789abcdef',
  'public."sluice_landing_0123456789abcdef"',
])('%s is no target, whoever entered it into the ledger', async (table) => {
  const ingestId = randomUUID()
  const path = await harness.file('reserved.csv', 'rolname,rolsuper\nme,true\n')
  const target = { table, atomic: false }
  const spec = fullSpec({ source: { kind: 'directory', path }, target })
  await enterIngest(harness.db, { ingestId, spec, target: table })
  const refusal = { type: 'target_reserved', nonRetryable: true }
  await expect(run(listSource, { ingestId })).rejects.toMatchObject(refusal)
  await expect(run(planIngest, { ingestId })).rejects.toMatchObject(refusal)
  const submitted = () => checkSpec({ source: spec.source, target: { table } })
  expect(submitted).toThrow(/is reserved/)
  const outcome = { state: 'failed' as const, error: null }
  await run(sweepIngest, { ingestId, outcome })
  expect(await harness.ended(ingestId)).toMatchObject({ state: 'failed' })
})
