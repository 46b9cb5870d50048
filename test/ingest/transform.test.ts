/** Rows that a SELECT makes of those of the files: their values, what is left out, what fails. */
import { describe, expect, test } from 'vitest'
import type { IngestSpec } from '../../src/spec/spec.ts'
import { build, eachVerb } from '../harness.ts'
import { retryAll } from '../retry.ts'
import { bring, undo } from '../undo/byVerbs.ts'

const harness = await build()
await harness.startWorker()

type Target = NonNullable<IngestSpec['target']>

async function ingest(
  target: Target,
  content: string | string[],
  { each = false, ...spec }: Partial<IngestSpec> & { each?: boolean } = {},
) {
  const path: string[] = []
  for (const [no, text] of [content].flat().entries()) {
    path.push(await harness.file(`${target.table}-${no}.csv`, text))
  }
  const full = { ...spec, source: { kind: 'directory' as const, path }, target }
  return harness.ended(await harness.start(full, each ? eachVerb : {}))
}

const all = async (table: string) =>
  (await harness.db.query(`select * from ${table} order by 1`)).rows

async function mustAddUp(ingestId: string) {
  const { rows } = await harness.db.query(
    `select i.rows_read as read, u.read as units_read,
            i.rows_loaded + i.rows_rejected + i.rows_skipped + i.rows_filtered + i.rows_superseded as sum,
            u.loaded = i.rows_loaded and u.filtered = i.rows_filtered as same,
            (select count(*) from sluice.rejects where ingest_id = $1) = i.rows_rejected as rejects,
            (select count(*) from pg_class where relname like 'sluice\\_landing%') as landings
     from sluice.ingests i, lateral (
       select sum(rows_read)::bigint as read, sum(rows_loaded) as loaded, sum(rows_filtered) as filtered
       from sluice.units where ingest_id = i.ingest_id) u
     where ingest_id = $1`,
    [ingestId],
  )
  const { read } = rows[0]
  expect(rows).toEqual([
    { read, units_read: read, sum: read, same: true, rejects: true, landings: 0 },
  ])
}

const select = 'id, upper(name) as name, (amount * 100)::bigint as cents, 60 / minutes as per_hour'
const content = [
  'id,name,amount,minutes',
  '1,Ann,1.25,10', // 2
  '2,Bob,-1,10', // 3: left out
  '3,Cid,2,0', // 4: division by zero
  'x,Dan,2', // 5: too few fields
  '4,Eve,99999999999999999999,5', // 6: out of range
  '5,"Fay', // 7
  'II",0.5,20', // 8
].join('\n')

describe.each([false, true])('each verb by itself: %s', (each) => {
  const suffix = each ? 'each' : 'once'

  test('a new table has the types of the SELECT', async () => {
    const table = `made_${suffix}`
    const view = await ingest({ table, select, where: 'amount > 0' }, `${content}\n`, {
      each,
      rejects: { max: '100%' },
    })
    expect(view).toMatchObject({
      ...{ state: 'completed', error: null, rowsRead: 6 },
      ...{ rowsLoaded: 2, rowsFiltered: 1, rowsRejected: 3 },
    })
    expect(await all(table)).toEqual([
      { id: 1, name: 'ANN', cents: 125, per_hour: 6 },
      { id: 5, name: 'FAY\nII', cents: 50, per_hour: 3 },
    ])
    const { rows } = await harness.db.query(
      `select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum) as columns
       from pg_attribute where attrelid = $1::regclass and attnum > 0`,
      [table],
    )
    expect(rows[0].columns).toBe('id bigint, name text, cents bigint, per_hour bigint')
    const rejects = await harness.rejects(view.ingestId)
    expect(rejects.map(({ line, code, column, error }) => [line, code, column, error])).toEqual([
      [4, '22012', 'per_hour', 'division by zero (60 / minutes)'],
      [5, 'wrong_column_count', null, expect.any(String)],
      [6, '22003', 'cents', 'bigint out of range ((amount * 100::numeric)::bigint)'],
    ])
    expect(rejects[0]?.raw).toBe('3,Cid,2,0')
    await mustAddUp(view.ingestId)
  })

  test.each(['append', 'replace'] as const)('%s: constraints of the table hold', async (mode) => {
    const table = `kept_${mode}_${suffix}`
    await harness.db.query(`
      create table ${table} (id int primary key, name text not null, cents int check (cents < 1000),
                             at timestamptz default now());
      insert into ${table} values (9, 'old', 1)`)
    const rows = ['1,a,1', '2,b,-1', '3,,1', '4,d,50', '1,e,1', '9,f,2', '5,g,3']
    const view = await ingest(
      {
        table,
        mode,
        select: 'id, upper(name) as name, amount * 100 as cents',
        where: 'amount > 0',
      },
      `id,name,amount\n${rows.join('\n')}\n`,
      { each, rejects: { max: '100%' } },
    )
    expect(view).toMatchObject({ state: 'completed', error: null, rowsRead: 7, rowsFiltered: 1 })
    const rejects = await harness.rejects(view.ingestId)
    expect(rejects.map(({ line, constraint }) => [line, constraint])).toEqual([
      [4, `${table}_name_not_null`],
      [5, `${table}_cents_check`],
      [6, `${table}_pkey`],
      ...(mode === 'append' ? [[7, `${table}_pkey`]] : []),
    ])
    const kept = (await all(table)).map(({ id, name, cents }) => [id, name, cents])
    const ninth = mode === 'append' ? [9, 'old', 1] : [9, 'F', 200]
    expect(kept).toEqual([[1, 'A', 100], [5, 'G', 300], ninth])
    await mustAddUp(view.ingestId)
  })
})

test('many units and files; a SELECT as a whole; checks see the rows as they are then', async () => {
  const line = (n: number) => `${n},${'x'.repeat(90)},${n % 10}`
  const file = (from: number) =>
    `id,pad,kind\n${Array.from({ length: 60_000 }, (_, at) => line(from + at)).join('\n')}\n`
  await harness.db.query('create table large (id bigint primary key, size int)')
  const view = await ingest(
    {
      table: 'large',
      select:
        'select id, length(pad) / (id - 70007) + length(pad) as size from rows where kind <> 3 -- not these',
    },
    [file(0), file(60_000)],
    { expect: [{ unique: ['id'] }, { values: { column: 'size', min: 0, max: 180 } }] },
  )
  expect(view.units).toBeGreaterThan(1)
  expect(view).toMatchObject({
    ...{ state: 'completed', error: null, rowsRead: 120_000 },
    ...{ rowsFiltered: 12_000, rowsRejected: 1, rowsLoaded: 107_999 },
  })
  const [reject] = await harness.rejects(view.ingestId)
  expect(reject).toMatchObject({ fileNo: 1, line: 10_009, code: '22012', column: 'size' })
  expect(reject?.raw).toMatch(/^70007,/)
  const { rows } = await harness.db.query(
    'select count(*) as count, sum(id)::text as ids, min(size) as size from large',
  )
  const ids = Array.from({ length: 120_000 }, (_, n) => n).filter(
    (n) => n % 10 !== 3 && n !== 70_007,
  )
  expect(rows).toEqual([{ count: 107_999, ids: String(ids.reduce((sum, n) => sum + n)), size: 0 }])
  await mustAddUp(view.ingestId)
})

test('what does not fit is told before anything is loaded', async () => {
  await harness.db.query(
    'create table strict (id int not null, name text, twice int generated always as (id * 2) stored)',
  )
  const told = async (target: Partial<Target>) => {
    const view = await ingest({ table: 'strict', ...target }, `${content}\n`)
    expect(view.unitsLoaded).toBe(0)
    return [view.error?.code, view.error?.message]
  }
  expect(await told({ select: 'id, amount' })).toEqual([
    'transform_invalid',
    'The rows that the transform makes do not fit public.strict: the table has no column amount.',
  ])
  expect(await told({ select: 'name' })).toMatchObject([
    'transform_invalid',
    expect.stringContaining('it lacks id'),
  ])
  expect(await told({ select: '1 as id, 2 as twice' })).toMatchObject([
    'transform_invalid',
    expect.stringContaining('computes twice itself'),
  ])
  expect(await told({ select: 'name as id' })).toMatchObject([
    'transform_invalid',
    expect.stringContaining('column "id" is of type integer but expression is of type text'),
  ])
  expect(await told({ select: 'id, count(*) as name' })).toMatchObject([
    'sql_refused',
    expect.anything(),
  ])
  expect(
    await told({ where: 'true) union select 1, null, 2, 3 from rows where (true' }),
  ).toMatchObject(['sql_refused', expect.stringContaining('UNION')])
  expect(await told({ select: "pg_read_file('/etc/passwd') as name" })).toMatchObject([
    'sql_refused',
    expect.stringContaining('pg_read_file does more than compute'),
  ])
  expect(await told({ select: 'id + 1' })).toMatchObject([
    'sql_refused',
    expect.stringContaining('no name'),
  ])
  expect(await all('strict')).toEqual([])
})

test('a check that fails, or too many rejects, publish nothing', async () => {
  const table = 'unpublished'
  const failed = await ingest({ table, select }, `${content}\n`, {
    expect: [{ values: { column: 'cents', min: 0 } }],
    rejects: { max: '100%' },
  })
  expect(failed.error).toMatchObject({ code: 'check_failed' })
  expect(failed.checks[0]?.message).toBe('cents is not from 0 to … in 1 row: cents=-100')
  const over = await ingest({ table, select }, `${content}\n`, { rejects: { max: 1 } })
  expect(over.error).toMatchObject({ code: 'rejects_over_max' })
  const { rows } = await harness.db.query('select to_regclass($1) as there', [table])
  expect(rows[0].there).toBe(null)
})

test('rejects that are loaded again go through the transform', async () => {
  const table = 'again'
  const target = { table, select, where: 'amount > 0' }
  const lines = [
    'id,name,amount,minutes',
    '1,Ann,1,10',
    '2,Bob,2,0',
    '3,Cid,3,0',
    '4,Dan,x',
    '5,Eve,5,0',
  ]
  const view = await ingest(target, `${lines.join('\n')}\n`, { rejects: { max: '100%' } })
  expect(view).toMatchObject({ rowsLoaded: 1, rowsRejected: 4 })
  const rejects = await harness.rejects(view.ingestId)
  const file = rejects[0]?.file
  const corrected = [
    'file,line,raw',
    `${file},3,"2,Bob,2,30"`,
    `${file},4,"3,Cid,-3,30"`,
    `${file},5,"4,Dan,4,0"`,
    `${file},6,"5,Eve,y,1"`,
  ]
  const retried = await retryAll(harness, view.ingestId, `${corrected.join('\n')}\n`)
  expect(retried).toEqual({ rowsTried: 4, rowsLoaded: 1, rowsRejected: 3, rowsOpen: 3 })
  expect((await all(table)).map(({ id, name, cents }) => [id, name, cents])).toEqual([
    [1, 'ANN', 100],
    [2, 'BOB', 200],
  ])
  const open = (await harness.rejects(view.ingestId)).filter(({ loadedAt }) => !loadedAt)
  expect(open.map(({ line, code }) => [line, code])).toEqual([
    [4, 'left_out'],
    [5, '22012'],
    [6, '22P02'],
  ])
})

test('what a transform has brought can be taken back', async () => {
  await harness.db.query(
    "create table shaped (id int primary key, name text); insert into shaped values (9, 'old')",
  )
  const csv = 'id,name\n1,ann\n2,bob\n3,cid\n'
  const sql = { select: 'id, upper(name) as name', where: 'id <> 2' }
  const added = await bring(harness, csv, { table: 'shaped', ...sql })
  expect(await all('shaped')).toHaveLength(3)
  expect(await undo(harness, added)).toMatchObject({ rowsRemoved: 2, rowsKept: 0 })
  expect(await all('shaped')).toEqual([{ id: 9, name: 'old' }])
  const made = await bring(harness, csv, { table: 'shaped_anew', ...sql })
  expect(await all('shaped_anew')).toEqual([
    { id: 1, name: 'ANN' },
    { id: 3, name: 'CID' },
  ])
  expect(await undo(harness, made)).toMatchObject({ rowsRemoved: 2, tableDropped: true })
})
