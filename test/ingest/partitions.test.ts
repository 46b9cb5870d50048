/** New tables that are divided: every row lies in the partition of its value. */
import { expect, test } from 'vitest'
import { type Undone, undoWorkflowId } from '../../src/domain/undo.ts'
import { readIngest } from '../../src/postgres/ledger/ingests.ts'
import { startUndo } from '../../src/temporal/undos.ts'
import { build, eachVerb } from '../harness.ts'

const harness = await build({ spec: { rejects: { max: '100%' } } })
await harness.startWorker()

const content = `id,day,at,region
1,2026-01-31,2026-01-31T23:30:00Z,eu
2,2026-02-01,2026-02-01T00:00:00Z,US
3,2026-02-28,2026-03-29T01:00:00Z,e u
4,,,
5,0001-01-01,1999-12-31T23:59:59Z,"a'b"
`

const spec = async (table: string, target: object) => ({
  source: { kind: 'directory' as const, path: await harness.file(`${table}.csv`, content) },
  target: { table, ...target },
})

/** The ids in each partition. */
async function partitionsOf(table: string): Promise<Record<string, number[]>> {
  const { rows } = await harness.db.query(
    `select c.relname::text as name, pg_get_expr(c.relpartbound, c.oid) as bounds from pg_inherits i
     join pg_class c on c.oid = i.inhrelid where i.inhparent = $1::regclass order by 1`,
    [table],
  )
  const found: Record<string, number[]> = {}
  for (const { name } of rows) {
    const { rows: ids } = await harness.db.query(`select id::int from "${name}" order by 1`)
    found[name.slice(table.length + 1)] = ids.map(({ id }) => id)
  }
  return found
}

test.each([
  [
    'by_day',
    'day(day)',
    { '0001_01_01': [5], '2026_01_31': [1], '2026_02_01': [2], '2026_02_28': [3], default: [4] },
  ],
  [
    'by_month',
    'month(at)',
    { '1999_12': [5], '2026_01': [1], '2026_02': [2], '2026_03': [3], default: [4] },
  ],
  ['by_year', ' year( Day ) ', { '0001': [5], '2026': [1, 2, 3], default: [4] }],
  ['by_list', 'list(region)', { a_b: [5], default: [4], e_u: [3], eu: [1], us: [2] }],
])('%s: every row is in its partition', async (table, partitionBy, expected) => {
  const how = table === 'by_list' ? eachVerb : {}
  const id = await harness.start(await spec(table, { partitionBy, indexes: [['id']] }), how)
  expect(await harness.ended(id)).toMatchObject({ state: 'completed', error: null, rowsLoaded: 5 })
  expect(await partitionsOf(table)).toEqual(expected)
  // The same spec may come again, and nothing is left of the landing table.
  const again = await harness.ingest(await spec(table, { partitionBy, indexes: [['id']] }))
  expect(again).toMatchObject({ state: 'completed', rowsLoaded: 5 })
  const { rowCount } = await harness.db.query(
    `select from pg_class where relname like 'sluice_landing%'`,
  )
  expect(rowCount).toBe(0)
})

test('hash, with a key whose second row is a reject, taken back', async () => {
  const given = await spec('by_hash', {
    partitionBy: 'hash(id, 3)',
    primaryKey: ['id'],
    undo: true,
  })
  given.source.path = await harness.file('twice.csv', `${content}1,2026-05-05,,eu\n`)
  const id = await harness.start(given)
  const view = await harness.ended(id)
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 5, rowsRejected: 1 })
  const found = await partitionsOf('by_hash')
  expect(Object.keys(found)).toEqual(['p0', 'p1', 'p2'])
  expect(Object.values(found).flat().sort()).toEqual([1, 2, 3, 4, 5])
  await harness.db.query("update by_hash set region = 'x' where id = 2")
  await startUndo(harness.client, { ingestId: id }, await readIngest(harness.db, id))
  const undone: Undone = await harness.client.workflow.getHandle(undoWorkflowId(id)).result()
  expect(undone).toMatchObject({ rowsRemoved: 4, rowsKept: 1, tableDropped: false })
  expect(Object.values(await partitionsOf('by_hash')).flat()).toEqual([2])
})

test.each([
  [
    'month(region)',
    {},
    'partition_invalid',
    'region is text, and only dates and timestamps have a month',
  ],
  ['list(nothing)', {}, 'partition_invalid', 'it has no column nothing'],
  ['hash(id, 3)', { primaryKey: ['region'] }, 'key_invalid', 'must include all'],
])('%s %j is refused before a row is loaded', async (partitionBy, more, code, problem) => {
  const view = await harness.ingest(await spec('refused', { partitionBy, ...more }))
  expect(view).toMatchObject({ state: 'failed', rowsRead: 0, error: { code } })
  expect(view.error?.message).toContain(problem)
})

test('too many partitions are refused, and a table that is not divided so', async () => {
  const days = Array.from({ length: 1001 }, (_, n) => `${n}\n`).join('')
  const path = await harness.file('many.csv', `n\n${days}`)
  const source = { kind: 'directory' as const, path }
  const many = await harness.ingest({ source, target: { table: 'many', partitionBy: 'list(n)' } })
  expect(many.error).toMatchObject({ code: 'partition_invalid' })
  expect(many.error?.message).toContain('more than 1000')
  const other = await harness.ingest(await spec('by_list', { partitionBy: 'month(day)' }))
  expect(other.error?.message).toContain('month(day), and it is by list (region)')
})
