/** Types are guessed from all values, so no row is refused for a guess, and no value is changed. */
import { expect, test } from 'vitest'
import { build } from '../harness.ts'

const harness = await build()
await harness.startWorker()

/** Behind so many usual records comes what is odd. */
const calm = 8000

async function typesOf(table: string): Promise<Record<string, string>> {
  const { rows } = await harness.db.query(
    `select attname, format_type(atttypid, atttypmod) as type from pg_attribute
     where attrelid = to_regclass($1) and attnum > 0 order by attnum`,
    [table],
  )
  return Object.fromEntries(rows.map(({ attname, type }) => [attname, type]))
}

/** Receipts, rejects and the ingest say the same as the table. */
async function mustAddUp(ingestId: string, table: string): Promise<void> {
  const { rows } = await harness.db.query(
    `select (select count(*) from ${table}) as rows, i.rows_loaded as ingest,
            i.rows_rejected as rejected,
            (select sum(rows_loaded)::bigint from sluice.units where ingest_id = $1) as receipts,
            (select sum(rows_rejected)::bigint from sluice.units where ingest_id = $1) as refused,
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
  })
}

const late = ['id', 'amount', 'ratio', 'day', 'at', 'flag', 'key', 'doc', 'note']
const uuid = '6f1f1a54-7e5e-4ef5-9d0b-0a3c4d5e6f70'
const usual = (n: number) =>
  [n, `${n}.50`, `${n}e3`, '2024-01-31', '2024-01-31 10:00', n % 2 ? 'true' : 'false', uuid] +
  `,"{""n"": ${n}}",note ${n}`

for (const atomic of [true, false]) {
  test(`an odd value of any kind is loaded as it is, and all others are; atomic: ${atomic}`, async () => {
    const table = `wide_${atomic}`
    const odd = [
      `12345678901234567890,1.50,1.0e3,2024-01-31,2024-01-31 10:00,true,${uuid},[],big`,
      `2.25,1.50,1e+3,2024-01-31,2024-01-31 10:00,true,${uuid},[],fraction`,
      `7,x,1e400,31.01.2024,10 o'clock,maybe,no uuid,no json,"all of them"`,
    ]
    const lines = Array.from({ length: calm }, (_, n) => usual(n))
    lines.splice(calm - 10, 0, ...odd)
    const path = await harness.file(`${table}.csv`, `${late.join(',')}\n${lines.join('\n')}\n`)
    const view = await harness.ingest({
      source: { kind: 'directory', path },
      target: { table, atomic },
    })
    expect(view).toMatchObject({ state: 'completed', error: null, rowsRejected: 0 })
    expect(view.rowsLoaded).toBe(calm + 3)
    await mustAddUp(view.ingestId, table)
    const types = {
      id: 'numeric',
      amount: 'text',
      ratio: 'numeric',
      ...Object.fromEntries(late.slice(3).map((name) => [name, 'text'])),
    }
    expect(await typesOf(table)).toEqual(types)
    expect(Object.fromEntries((view.columns ?? []).map(({ name, type }) => [name, type]))).toEqual(
      types,
    )
    const line = calm - 10 + 2 + 2
    expect(
      view.notes.map(({ code, column, line: at, count }) => [code, column, at, count]),
    ).toEqual(
      ['amount', 'day', 'at', 'flag', 'key', 'doc'].map((column) => [
        'column_became_text',
        column,
        line,
        1,
      ]),
    )
    const all = `select id::text, amount, ratio::text, day, at, flag, key, doc, note from ${table}`
    const { rows } = await harness.db.query(`${all} where note in ('note 2', 'big', 'all of them')`)
    expect(Object.fromEntries(rows.map((row) => [row.note, Object.values(row)]))).toEqual({
      'note 2': ['2', '2.50', '2000', '2024-01-31', '2024-01-31 10:00', 'false', uuid].concat(
        '{"n": 2}',
        'note 2',
      ),
      big: [
        '12345678901234567890',
        '1.50',
        '1000',
        '2024-01-31',
        '2024-01-31 10:00',
        'true',
      ].concat([uuid, '[]', 'big']),
      'all of them': ['7', 'x', `1${'0'.repeat(400)}`, '31.01.2024', "10 o'clock", 'maybe'].concat([
        'no uuid',
        'no json',
        'all of them',
      ]),
    })
  })
}

test('numbers stay numbers: bigint becomes numeric, exactly', async () => {
  const exact = ['9007199254740993', '-12345678901234567890.123456789', '1e+30', '1.5e3']
  const rows = [...Array.from({ length: 20_000 }, (_, n) => String(n)), ...exact, 'NaN']
  const path = await harness.file('numbers.csv', `n\n${rows.join('\n')}\n`)
  const view = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'numbers' },
  })
  expect(view.error).toBeNull()
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 20_005, rowsRejected: 0 })
  expect(await typesOf('numbers')).toEqual({ n: 'numeric' })
  const found = await harness.db.query(
    `select n::text from numbers where n is null or n not between 0 and 19999
     order by numbers.n nulls first`,
  )
  expect(found.rows.map(({ n }) => n)).toEqual([
    null,
    '-12345678901234567890.123456789',
    '9007199254740993',
    '1000000000000000000000000000000',
  ])
})

test('words for NULL are NULL beside values of a type, and words in a column of text', async () => {
  const row = (n: number) => {
    const word = ['NA', 'n/a', 'NULL', 'None', '-', '#N/A', '\\N', ' ', '"null"'][n % 18]
    return word === undefined ? `${n},2024-01-31,t,word ${n}` : `${word},${word},${word},${word}`
  }
  const rows = Array.from({ length: 3600 }, (_, n) => row(n))
  rows[12] = '12,2024-01-31,f,word'
  const path = await harness.file('words.csv', `n,day,flag,note\n${rows.join('\n')}\n`)
  const source = { kind: 'directory' as const, path }
  const view = await harness.ingest({ source, target: { table: 'words' } })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 3600, rowsRejected: 0 })
  expect(await typesOf('words')).toEqual({
    n: 'bigint',
    day: 'date',
    flag: 'boolean',
    note: 'text',
  })
  const { rows: found } = await harness.db.query(
    `select count(*) filter (where n is null and day is null and flag is null) as nulls,
            count(*) filter (where note is null) as gone,
            count(distinct note) filter (where n is null) as words, count(*) as rows from words`,
  )
  expect(found).toEqual([{ nulls: 1800, gone: 0, words: 9, rows: 3600 }])
  expect(view.notes.map(({ code, column, count }) => [code, column, count])).toEqual(
    ['n', 'day', 'flag'].map((column) => ['null_words', column, 1800]),
  )
  await mustAddUp(view.ingestId, 'words')
  const frozen = await harness.ingest({ source, target: { table: 'cold', schema: 'freeze' } })
  expect(frozen).toMatchObject({ state: 'completed', rowsLoaded: 1800, rowsRejected: 1800 })
})

test('frozen types stay, and so do rows of the wrong form', async () => {
  const rows = [...Array.from({ length: 20_000 }, (_, n) => `${n},x`), 'bad,y', '1,2,3', '5.5,z']
  const path = await harness.file('frozen.csv', `n,t\n${rows.join('\n')}\n`)
  const source = { kind: 'directory' as const, path }
  const frozen = await harness.ingest({ source, target: { table: 'frozen', schema: 'freeze' } })
  expect(frozen).toMatchObject({ state: 'completed', rowsLoaded: 20_000, rowsRejected: 3 })
  expect(await typesOf('frozen')).toEqual({ n: 'bigint', t: 'text' })
  const free = await harness.ingest({ source, target: { table: 'thawed' } })
  expect(free).toMatchObject({ state: 'completed', rowsLoaded: 20_002, rowsRejected: 1 })
  expect((await harness.rejects(free.ingestId)).map(({ line, code }) => [line, code])).toEqual([
    [20_003, 'wrong_column_count'],
  ])
  await mustAddUp(free.ingestId, 'thawed')
  // A table that is there keeps its types, whoever made it.
  const later = await harness.ingest({ source, target: { table: 'frozen', schema: 'evolve' } })
  expect(later).toMatchObject({ state: 'completed', rowsRejected: 3 })
})

test('a row that is too short is no value of its first column', async () => {
  const rows = [...Array.from({ length: 20_000 }, (_, n) => `${n},x`), 'garbage', '7']
  const path = await harness.file('short.csv', `n,t\n${rows.join('\n')}\n`)
  const source = { kind: 'directory' as const, path }
  const view = await harness.ingest({ source, target: { table: 'short' } })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 20_000, rowsRejected: 2 })
  expect(await typesOf('short')).toEqual({ n: 'bigint', t: 'text' })
  expect((await harness.rejects(view.ingestId)).map(({ code, raw }) => [code, raw])).toEqual([
    ['wrong_column_count', 'garbage'],
    ['wrong_column_count', '7'],
  ])
  await mustAddUp(view.ingestId, 'short')
})

test('more rows than memory should hold are skipped: each is a reject all the same', async () => {
  const rows = Array.from({ length: 300_000 }, (_, n) => (n % 3 === 2 ? `x${n},${n}` : `${n},${n}`))
  const calmRows = Array.from({ length: 2000 }, (_, n) => `${n},${n}`)
  const text = `n,m\n${[...calmRows, ...rows].join('\n')}\n`
  const path = await harness.file('skipped.csv', text)
  const source = { kind: 'directory' as const, path }
  await harness.db.query('create table skipped (n bigint, m bigint)')
  const view = await harness.ingest({ source, target: { table: 'skipped', schema: 'freeze' } })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 202_000, rowsRejected: 100_000 })
  const { rows: found } = await harness.db.query(
    `select count(distinct raw) as distinct, min(line), max(line),
            count(*) filter (where raw = 'x' || (line - 2002) || ',' || (line - 2002)) as placed
     from sluice.rejects where ingest_id = $1 and code = '22P02' and column_name = 'n'`,
    [view.ingestId],
  )
  expect(found).toEqual([{ distinct: 100_000, min: 2004, max: 302_001, placed: 100_000 }])
  await mustAddUp(view.ingestId, 'skipped')
})

test('rejects.max counts rows of the wrong form alone: a guess makes no rejects', async () => {
  // Each layout is a unit of its own; one at a time, the first would be too many already.
  const content = (columns: string) => {
    const more = ',1'.repeat(columns.split(',').length - 1)
    const odd = Array.from({ length: 500 }, (_, at) => `${at % 2 ? 'x' : `${at}.5`}${more}`)
    const usual = Array.from({ length: 40_000 }, (_, n) => `${n}${more}`)
    return [columns, ...usual, ...odd, ...(more ? [] : ['1,2'])].join('\n')
  }
  const headers = ['n', 'n,a', 'n,b', 'n,c']
  const path = await Promise.all(
    headers.map((each, at) => harness.file(`max-${at}.csv`, content(each))),
  )
  const spec = { source: { kind: 'directory' as const, path }, parallelism: 1 }
  const view = await harness.ingest({ ...spec, target: { table: 'many' }, rejects: { max: 1 } })
  expect(view).toMatchObject({ state: 'completed', error: null, rowsLoaded: 162_000 })
  expect([view.units, view.rowsRejected]).toEqual([4, 1])
  expect(view.notes.map(({ column, line, count }) => [column, line, count])).toEqual([
    ['n', 40_003, 1000],
    [null, null, 1],
  ])
  await mustAddUp(view.ingestId, 'many')
  const none = await harness.ingest({ ...spec, target: { table: 'none' }, rejects: { max: 0 } })
  expect(none).toMatchObject({ state: 'failed', error: { code: 'rejects_over_max' } })
  const early = await harness.ingest({
    ...spec,
    source: { kind: 'directory', path: path[0] as string },
    target: { table: 'frosty', schema: 'freeze' as const },
    rejects: { max: 249 },
  })
  expect(early.error).toMatchObject({ code: 'rejects_over_max' })
})

test('a quoted empty field is a text in a column that has become text', async () => {
  const rows = [...Array.from({ length: 20_000 }, (_, n) => `${n},""`), 'x,""', '"",1', ',2']
  const path = await harness.file('empty.csv', `n,t\n${rows.join('\n')}\n,"5"\n`)
  const view = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'empty' },
  })
  expect(view).toMatchObject({ state: 'completed', rowsRejected: 0 })
  const { rows: found } = await harness.db.query(
    `select count(*) filter (where n is null) as nulls, count(*) filter (where n = '') as empty
     from empty`,
  )
  expect(found[0]).toEqual({ nulls: 2, empty: 1 })
})
