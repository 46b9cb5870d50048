/** Checks of the rows of an ingest: what they find, what they keep from the target, where they say so. */
import { describe, expect, test } from 'vitest'
import { readChecks } from '../../src/postgres/ledger/checks.ts'
import type { Check } from '../../src/spec/expect.ts'
import type { IngestSpec } from '../../src/spec/spec.ts'
import { build, eachVerb } from '../harness.ts'

const harness = await build()
await harness.startWorker()

async function ingest(
  table: string,
  content: string,
  checks: Check[],
  { each = false, ...into }: Partial<IngestSpec['target']> & { each?: boolean } = {},
) {
  const path = await harness.file(`${table}.csv`, content)
  const spec = {
    source: { kind: 'directory' as const, path },
    target: { table, ...into },
    expect: checks,
  }
  const id = await harness.start(spec, each ? eachVerb : {})
  return harness.ended(id)
}

const count = async (table: string) =>
  (await harness.db.query(`select count(*) as count from ${table}`)).rows[0].count

const content = [
  'id,name,state,amount,day',
  '1,Ann,open,10,2024-01-01',
  '2,,open,20,2024-01-02',
  '2,Bob,odd,-1,2024-01-03',
  '3,,closed,300,',
].join('\n')

describe.each([false, true])('each verb by itself: %s', (each) => {
  const table = each ? 'checked_each' : 'checked'

  test('all kinds pass over rows that are as expected, and warnings keep nothing back', async () => {
    const view = await ingest(
      table,
      `${content}\n`,
      [
        { rows: { min: 1, max: 4, changeMax: '1%' } },
        { notNull: ['id'] },
        { unique: ['id', 'name'] },
        { values: { column: 'state', in: ['open', 'closed', 'odd'] } },
        { values: { column: 'amount', min: -1, max: '300' } },
        { noRows: 'select * from rows where amount > 300' },
        { notNull: ['name'], severity: 'warn' },
        { fresh: { column: 'day', within: '1d' }, severity: 'warn' },
      ],
      { each },
    )
    expect(view).toMatchObject({ state: 'completed', rowsLoaded: 4, error: null })
    expect(view.checks.map(({ passed, rowsFailed }) => [passed, rowsFailed])).toEqual([
      [true, null],
      [true, 0],
      [true, 0],
      [true, 0],
      [true, 0],
      [true, 0],
      [false, 2],
      [false, null],
    ])
    expect(view.checks.slice(6)).toMatchObject([
      {
        name: 'not-null name',
        severity: 'warn',
        message: 'name is NULL in 2 rows: name=NULL; name=NULL',
      },
      {
        name: 'fresh day 1d',
        message: 'the newest value of day is 2024-01-03, which is older than 1d',
      },
    ])
    const result = await harness.client.workflow.getHandle(view.ingestId).result()
    expect((result as { checks: unknown[] }).checks).toEqual(view.checks)
  })

  test('one that fails publishes nothing, names the places, and the others are told as well', async () => {
    const view = await ingest(
      table,
      `${content}\n`,
      [
        { rows: { min: 5 } },
        { notNull: ['name'] },
        { unique: ['id'] },
        { values: { column: 'state', in: ['open', 'closed'] } },
        { values: { column: 'amount', min: 0, max: 100 } },
        { noRows: 'select id, count(*) from rows group by id having count(*) > 1' },
        { noRows: 'select 1 / (amount - 10) from rows' },
      ],
      { each },
    )
    const at = (line: number) => `${harness.folder}/${table}.csv line ${line}`
    expect(view).toMatchObject({ state: 'failed', error: { code: 'check_failed' } })
    expect(view.error?.message).toBe(
      'The check rows 5.. failed: there are 4 rows, and at least 5 were expected; 6 more checks failed.',
    )
    expect(view.checks.map(({ message }) => message)).toEqual([
      'there are 4 rows, and at least 5 were expected',
      `name is NULL in 2 rows: ${at(3)} (name=NULL); ${at(5)} (name=NULL)`,
      `id of an earlier row comes again in 1 row: ${at(4)} (id=2)`,
      `state is not one of open, closed in 1 row: ${at(4)} (state=odd)`,
      `amount is not from 0 to 100 in 2 rows: ${at(4)} (amount=-1); ${at(5)} (amount=300)`,
      'the query returned 1 row: {"id": 2, "count": 2}',
      'it could not be run: division by zero',
    ])
    expect(await count(table)).toBe(4)
    expect(await readChecks(harness.db, view.ingestId)).toEqual(view.checks)
    const { rows } = await harness.db.query(
      `select count(*) as left from pg_class where relname like 'sluice\\_landing%'`,
    )
    expect(rows[0].left).toBe(0)
  })
})

test('the row count is held against the last ingest that published into the table', async () => {
  const rows = (n: number) => `id\n${Array.from({ length: n }, (_, at) => at).join('\n')}\n`
  const change = [{ rows: { changeMax: '20%' } }]
  expect((await ingest('daily', rows(100), change, { mode: 'replace' })).state).toBe('completed')
  expect((await ingest('daily', rows(80), change, { mode: 'replace' })).state).toBe('completed')
  const fewer = await ingest('daily', rows(63), change, { mode: 'replace' })
  expect(fewer.error?.message).toMatch(
    /there are 63 rows, and .* brought 80: .* more than 20% apart/,
  )
  expect((await ingest('daily', rows(96), change, { mode: 'replace' })).state).toBe('completed')
  expect(await count('daily')).toBe(96)
  await harness.db.query(
    `update sluice.ingests set state = 'undone' where target = 'public.daily' and rows_loaded = 96`,
  )
  const afterUndo = await ingest('daily', rows(63), change, { mode: 'replace' })
  expect(afterUndo.error?.message).toContain('brought 80')
})

test('rows that others supersede are counted, as they were in the last ingest', async () => {
  const change = [{ rows: { changeMax: '1%' } }]
  const lines = 'id,v\n1,a\n1,b\n1,c\n2,d\n'
  for (const mode of ['merge', 'merge', 'insert', 'insert'] as const) {
    const view = await ingest('merged', lines, change, { mode, key: ['id'] })
    expect(view).toMatchObject({ state: 'completed', error: null })
  }
})

test('what does not fit the rows is told before anything is loaded', async () => {
  const told = async (check: Check) => (await ingest('unfit', `${content}\n`, [check])).error
  expect(await told({ notNull: ['nmae'] })).toMatchObject({
    code: 'check_invalid',
    message:
      'The check not-null nmae does not fit the rows: there is no column nmae; ' +
      'there are id, name, state, amount, day.',
  })
  expect(await told({ values: { column: 'amount', min: 'much' } })).toMatchObject({
    code: 'check_invalid',
  })
  expect(await told({ fresh: { column: 'name', within: '1d' } })).toMatchObject({
    code: 'check_invalid',
  })
  expect(await told({ noRows: 'select nmae from rows' })).toMatchObject({ code: 'sql_refused' })
})
