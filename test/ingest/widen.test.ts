/** Types that come from a sample widen when later values do not fit, and lose nothing by it. */
import { expect, test } from 'vitest'
import { build } from '../helper.ts'

const it = await build()
await it.startWorker()

/** The sample sees the first records of a cut only: what comes behind them is a surprise. */
const calm = 8000

async function typesOf(table: string): Promise<Record<string, string>> {
  const { rows } = await it.db.query(
    `select attname, format_type(atttypid, atttypmod) as type from pg_attribute
     where attrelid = to_regclass($1) and attnum > 0 order by attnum`,
    [table],
  )
  return Object.fromEntries(rows.map(({ attname, type }) => [attname, type]))
}

/** Receipts, rejects and the ingest say the same as the table. */
async function mustAddUp(ingestId: string, table: string): Promise<void> {
  const { rows } = await it.db.query(
    `select (select count(*) from ${table}) as rows, i.rows_loaded as ingest,
            i.rows_rejected as rejected,
            (select sum(rows_loaded)::bigint from sluice.units where ingest_id = $1) as receipts,
            (select sum(rows_rejected)::bigint from sluice.units where ingest_id = $1) as refused,
            (select sum(rows_to_reload)::bigint from sluice.units where ingest_id = $1) as "toReload",
            (select count(*) from sluice.rejects where ingest_id = $1) as rejects
     from sluice.ingests i where ingest_id = $1`,
    [ingestId],
  )
  const { rows: there, rejects } = rows[0]
  expect(rows[0]).toEqual({
    rows: there,
    ingest: there,
    receipts: there,
    rejects,
    rejected: rejects,
    refused: rejects,
    toReload: 0,
  })
}

const late = ['id', 'amount', 'ratio', 'day', 'at', 'flag', 'key', 'doc', 'note']
const uuid = '6f1f1a54-7e5e-4ef5-9d0b-0a3c4d5e6f70'
const usual = (n: number) =>
  [n, `${n}.50`, `${n}e3`, '2024-01-31', '2024-01-31 10:00', n % 2 ? 'true' : 'false', uuid] +
  `,"{""n"": ${n}}",note ${n}`

for (const atomic of [true, false]) {
  test(`every type widens, also two in one row; atomic: ${atomic}`, async () => {
    const table = `wide_${atomic}`
    const odd = [
      `12345678901234567890,1.50,1e3,2024-01-31,2024-01-31 10:00,true,${uuid},[],big`,
      `2.25,1.50,1e3,2024-01-31,2024-01-31 10:00,true,${uuid},[],fraction`,
      `7,n/a,1e400,31.01.2024,10 o'clock,maybe,no uuid,no json,"all of them"`,
    ]
    const lines = Array.from({ length: calm }, (_, n) => usual(n))
    lines.splice(calm - 10, 0, ...odd)
    const path = await it.file(`${table}.csv`, `${late.join(',')}\n${lines.join('\n')}\n`)
    const view = await it.ingest({
      source: { kind: 'directory', path },
      target: { table, atomic },
    })
    expect(view).toMatchObject({
      state: 'completed',
      error: null,
      rowsRejected: 0,
      rowsToReload: 0,
    })
    expect(view.rowsLoaded).toBe(calm + 3)
    await mustAddUp(view.ingestId, table)
    expect(await typesOf(table)).toEqual({
      id: 'numeric',
      ...Object.fromEntries(late.slice(1).map((name) => [name, 'text'])),
    })
    expect(view.columns?.map(({ name, type }) => [name, type])).toEqual(
      late.map((name) => [name, name === 'id' ? 'numeric' : 'text']),
    )
    const all = `select id::text, amount, ratio, day, at, flag, key, doc, note from ${table}`
    const { rows } = await it.db.query(`${all} where note in ('note 2', 'big', 'all of them')`)
    expect(Object.fromEntries(rows.map((row) => [row.note, Object.values(row)]))).toEqual({
      'note 2': [
        '2',
        '2.50',
        '2000',
        '2024-01-31',
        '2024-01-31 10:00:00',
        'false',
        uuid,
        '{"n": 2}',
      ].concat('note 2'),
      big: [
        '12345678901234567890',
        '1.50',
        '1e3',
        '2024-01-31',
        '2024-01-31 10:00',
        'true',
        uuid,
      ].concat('[]', 'big'),
      'all of them': ['7', 'n/a', '1e400', '31.01.2024', "10 o'clock", 'maybe', 'no uuid'].concat(
        'no json',
        'all of them',
      ),
    })
  })
}

test('numbers stay numbers: bigint becomes numeric, exactly', async () => {
  const exact = ['9007199254740993', '-12345678901234567890.123456789', '1e30', 'NaN']
  const rows = [...Array.from({ length: 20_000 }, (_, n) => String(n)), ...exact]
  const path = await it.file('numbers.csv', `n\n${rows.join('\n')}\n`)
  const view = await it.ingest({
    source: { kind: 'directory', path },
    target: { table: 'numbers' },
  })
  expect(view.error).toBeNull()
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 20_004, rowsRejected: 0 })
  expect(await typesOf('numbers')).toEqual({ n: 'numeric' })
  const found = await it.db.query(
    'select n::text from numbers where n not between 0 and 19999 order by numbers.n',
  )
  expect(found.rows.map(({ n }) => n)).toEqual([
    '-12345678901234567890.123456789',
    '9007199254740993',
    '1000000000000000000000000000000',
    'NaN',
  ])
})

test('frozen types stay, and so do rows of the wrong form', async () => {
  const rows = [...Array.from({ length: 20_000 }, (_, n) => `${n},x`), 'bad,y', '1,2,3', '5.5,z']
  const path = await it.file('frozen.csv', `n,t\n${rows.join('\n')}\n`)
  const source = { kind: 'directory' as const, path }
  const frozen = await it.ingest({ source, target: { table: 'frozen', schema: 'freeze' } })
  expect(frozen).toMatchObject({ state: 'completed', rowsLoaded: 20_000, rowsRejected: 3 })
  expect(await typesOf('frozen')).toEqual({ n: 'bigint', t: 'text' })
  const free = await it.ingest({ source, target: { table: 'thawed' } })
  expect(free).toMatchObject({ state: 'completed', rowsLoaded: 20_002, rowsRejected: 1 })
  expect((await it.rejects(free.ingestId)).map(({ line, code }) => [line, code])).toEqual([
    [20_003, 'wrong_column_count'],
  ])
  await mustAddUp(free.ingestId, 'thawed')
  // A table that is there keeps its types, whoever made it.
  const later = await it.ingest({ source, target: { table: 'frozen', schema: 'evolve' } })
  expect(later).toMatchObject({ state: 'completed', rowsRejected: 3 })
})

test('a row that is too short is no value of its first column', async () => {
  const rows = [...Array.from({ length: 20_000 }, (_, n) => `${n},x`), 'garbage', '7']
  const path = await it.file('short.csv', `n,t\n${rows.join('\n')}\n`)
  const source = { kind: 'directory' as const, path }
  const view = await it.ingest({ source, target: { table: 'short' } })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 20_000, rowsRejected: 2 })
  expect(await typesOf('short')).toEqual({ n: 'bigint', t: 'text' })
  expect((await it.rejects(view.ingestId)).map(({ code, raw }) => [code, raw])).toEqual([
    ['wrong_column_count', 'garbage'],
    ['wrong_column_count', '7'],
  ])
  await mustAddUp(view.ingestId, 'short')
})

test('more rows than memory should hold are skipped: each is a reject all the same', async () => {
  const rows = Array.from({ length: 300_000 }, (_, n) => (n % 3 === 2 ? `x${n},${n}` : `${n},${n}`))
  const calmRows = Array.from({ length: 2000 }, (_, n) => `${n},${n}`)
  const text = `n,m\n${[...calmRows, ...rows].join('\n')}\n`
  const path = await it.file('skipped.csv', text)
  const source = { kind: 'directory' as const, path }
  await it.db.query('create table skipped (n bigint, m bigint)')
  const view = await it.ingest({ source, target: { table: 'skipped', schema: 'freeze' } })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 202_000, rowsRejected: 100_000 })
  const { rows: found } = await it.db.query(
    `select count(distinct raw) as distinct, min(line), max(line),
            count(*) filter (where raw = 'x' || (line - 2002) || ',' || (line - 2002)) as placed
     from sluice.rejects where ingest_id = $1 and code = '22P02' and column_name = 'n'`,
    [view.ingestId],
  )
  expect(found).toEqual([{ distinct: 100_000, min: 2004, max: 302_001, placed: 100_000 }])
  await mustAddUp(view.ingestId, 'skipped')
})

test('rejects.max counts what is left after widening, and the load does not stop early', async () => {
  // Each layout is a unit of its own; one at a time, the first would be too many already.
  const content = (columns: string) => {
    const more = ',1'.repeat(columns.split(',').length - 1)
    const odd = Array.from({ length: 500 }, (_, at) => `${at % 2 ? 'x' : `${at}.5`}${more}`)
    const usual = Array.from({ length: 40_000 }, (_, n) => `${n}${more}`)
    return [columns, ...usual, ...odd, ...(more ? [] : ['1,2'])].join('\n')
  }
  const headers = ['n', 'n,a', 'n,b', 'n,c']
  const path = await Promise.all(headers.map((each, at) => it.file(`max-${at}.csv`, content(each))))
  const spec = { source: { kind: 'directory' as const, path }, parallelism: 1 }
  const view = await it.ingest({ ...spec, target: { table: 'many' }, rejects: { max: 1 } })
  expect(view).toMatchObject({ state: 'completed', error: null, rowsLoaded: 162_000 })
  expect([view.units, view.rowsRejected]).toEqual([4, 1])
  await mustAddUp(view.ingestId, 'many')
  const none = await it.ingest({ ...spec, target: { table: 'none' }, rejects: { max: 0 } })
  expect(none).toMatchObject({ state: 'failed', error: { code: 'rejects_over_max' } })
  const frozen = { table: 'frosty', schema: 'freeze' as const }
  const early = await it.ingest({
    ...spec,
    source: { kind: 'directory', path: path[0] as string },
    target: frozen,
    rejects: { max: 499 },
  })
  expect(early.error).toMatchObject({ code: 'rejects_over_max' })
})

test('many rejects go page by page', async () => {
  const rows = Array.from({ length: 120_000 }, (_, n) => (n < 20_000 ? `${n},"a"` : `x${n},"a\nb"`))
  const path = await it.file('pages.csv', `n,t\n${rows.join('\n')}\n`)
  const view = await it.ingest({ source: { kind: 'directory', path }, target: { table: 'pages' } })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 120_000, rowsRejected: 0 })
  const found = await it.db.query(
    `select count(distinct n) as ids, count(*) filter (where t = E'a\\nb') as two from pages`,
  )
  expect(found.rows[0]).toEqual({ ids: 120_000, two: 100_000 })
  await mustAddUp(view.ingestId, 'pages')
})

test('a quoted empty field is the same before and after', async () => {
  const rows = [...Array.from({ length: 20_000 }, (_, n) => `${n},""`), 'x,""', '"",1', ',2']
  const path = await it.file('empty.csv', `n,t\n${rows.join('\n')}\n,"5"\n`)
  const view = await it.ingest({ source: { kind: 'directory', path }, target: { table: 'empty' } })
  expect(view).toMatchObject({ state: 'completed', rowsRejected: 0 })
  const { rows: found } = await it.db.query(
    `select count(*) filter (where n is null) as nulls, count(*) filter (where n = '') as empty
     from empty`,
  )
  expect(found[0]).toEqual({ nulls: 3, empty: 0 })
})

test('what a view hangs on keeps its type, and its rejects stay', async () => {
  const rows = [...Array.from({ length: 400_000 }, (_, n) => `${n},some text of row ${n}`), 'x,y']
  const path = await it.file('viewed.csv', `n,t\n${rows.join('\n')}\n`)
  await it.db.query(`create function hang() returns trigger language plpgsql as $$ begin
    if new.phase = 'load' then execute 'create view over_viewed as select n from viewed'; end if;
    return new; end $$;
    create trigger hang before update of landing on sluice.ingests
      for each row when (new.landing like '%viewed%') execute function hang()`)
  const view = await it.ingest({
    source: { kind: 'directory', path },
    target: { table: 'viewed', atomic: false },
  })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 400_000, rowsRejected: 1 })
  expect(await typesOf('viewed')).toEqual({ n: 'bigint', t: 'text' })
  await mustAddUp(view.ingestId, 'viewed')
})
