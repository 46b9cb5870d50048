/** Merges and syncs beside a model in memory, and several of one table at once. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changesOf, judged } from './judged.ts'

const { harness, ingest, mustAddUp } = await judged()

interface Row {
  id: number | null
  v: number | null
  at: number | null
  gone: boolean | null
}

const small = (max: number) => fc.option(fc.integer({ min: 0, max }), { freq: 5 })
const aRow = fc.record<Row>({
  id: small(5),
  v: small(2),
  at: small(3),
  gone: fc.option(fc.boolean(), { freq: 3 }),
})
const anIngest = fc.record({
  mode: fc.constantFrom('merge' as const, 'insert' as const, 'sync' as const),
  ordered: fc.boolean(),
  /** For a sync: rows with a `v` from here on are in its scope. */
  from: small(2),
  soft: fc.boolean(),
  rows: fc.array(aRow, { minLength: 1, maxLength: 12 }),
})
type Ingest = typeof anIngest extends fc.Arbitrary<infer I> ? I : never

const isOlder = (one: number | null, other: number | null) => (one ?? -1) < (other ?? -1)

type Table = Map<number, Pick<Row, 'v' | 'at'> & { off: boolean }>

type Keyed = Row & { id: number }

/** The row that stands for each key. */
function winnersOf(rows: readonly Keyed[], { mode, ordered }: Ingest): Map<number, Keyed> {
  const winners = new Map<number, Keyed>()
  for (const row of rows) {
    const best = winners.get(row.id)
    const loses = mode === 'insert' || (ordered && best && isOlder(row.at, best.at))
    if (!best || !loses) winners.set(row.id, row)
  }
  return winners
}

function change(table: Table, { id, v, at, gone }: Keyed, mode: Ingest['mode']) {
  const there = table.get(id)
  if (gone && mode === 'merge') return table.delete(id) ? 'deleted' : 'unchanged'
  const off = mode !== 'sync' && there?.off === true
  if (there && there.v === v && there.at === at && there.off === off) return 'unchanged'
  table.set(id, { v, at, off })
  return there ? 'updated' : 'inserted'
}

/** What a sync deletes: nothing as long as a record has no key. @returns how many */
function deleteAbsent(table: Table, { rows, from, soft }: Ingest): number {
  if (rows.some(({ id }) => id === null)) return 0
  const ids = new Set(rows.map(({ id }) => id))
  const absent = [...table].filter(([id, { v, off }]) => {
    return !ids.has(id) && !(soft && off) && (from === null || (v !== null && v >= from))
  })
  for (const [id, row] of absent) {
    if (soft) table.set(id, { ...row, off: true })
    else table.delete(id)
  }
  return absent.length
}

/** Applies the rows one by one, in the order of the file. */
function apply(table: Table, step: Ingest) {
  const { mode, ordered, rows } = step
  const deleted = mode === 'sync' ? deleteAbsent(table, step) : 0
  const counts = { inserted: 0, updated: 0, unchanged: 0, deleted }
  const keyed = rows.filter((row): row is Keyed => row.id !== null)
  let loaded = 0
  for (const row of winnersOf(keyed, step).values()) {
    const there = table.get(row.id)
    const stays = there && (mode === 'insert' || (ordered && isOlder(row.at, there.at)))
    if (stays) continue
    loaded++
    counts[change(table, row, mode)]++
  }
  const rejected = rows.length - keyed.length
  return { ...counts, rejected, loaded, leftOut: keyed.length - loaded }
}

let tables = 0

test('merge, insert and sync do what a model does', { timeout: 120_000 }, async () => {
  const ingests = fc.array(anIngest, { minLength: 2, maxLength: 4 })
  const property = fc.asyncProperty(ingests, async (steps) => {
    const name = `model_${tables++}`
    await harness.db.query(`create table ${name} (id int primary key, v int, at int,
      off bool not null default false)`)
    const table: Table = new Map()
    for (const step of steps) {
      const { mode, ordered, from, soft } = step
      const isMerge = mode === 'merge'
      const lines = step.rows.map(({ id, v, at, gone }) =>
        [id, v, at, ...(isMerge ? [gone] : [])].map((value) => value ?? '').join(','),
      )
      const order = ordered && { orderBy: ['at'] }
      const more = {
        merge: { deleteWhen: 'gone', ...order },
        insert: {},
        sync: {
          ...{ maxDeletes: '100%', ...order, ...(soft && { softDelete: 'off' }) },
          ...(from !== null && { scope: `v >= ${from}` }),
        },
      }[mode]
      const expected = apply(table, step)
      const content = `id,v,at${isMerge ? ',gone' : ''}\n${lines.join('\n')}\n`
      const view = await ingest(name, content, { target: { mode, key: ['id'], ...more } })
      expect(view.error).toBeNull()
      expect({
        ...changesOf(view),
        leftOut: view.rowsSuperseded + view.rowsSkipped,
      }).toEqual(expected)
      await mustAddUp(view.ingestId)
      const { rows } = await harness.db.query(`select id, v, at, off from ${name} order by id`)
      const modelled = [...table].map(([id, row]) => ({ id, ...row }))
      expect(rows).toEqual(modelled.sort((a, b) => a.id - b.id))
    }
  })
  await fc.assert(property, { seed: 39, numRuns: 16 })
})

test('two syncs of one table at once: it is as one of them says', async () => {
  await harness.db.query(`create table twins (id int primary key, v int);
    insert into twins select n, 0 from generate_series(1, 300) n`)
  const views = await Promise.all(
    [1, 2].map(async (v) => {
      const lines = Array.from({ length: 300 }, (_, n) => `${n + v * 100},${v}`)
      const path = await harness.file(`twins-${v}.csv`, `id,v\n${lines.join('\n')}\n`)
      const target = { table: 'twins', mode: 'sync' as const, key: ['id'], maxDeletes: '100%' }
      return harness.ingest({ source: { kind: 'directory', path }, target })
    }),
  )
  const { rows } = await harness.db.query(
    'select count(*) as rows, min(id), max(id), min(v) as v, count(distinct v) as vs from twins',
  )
  const { v } = rows[0]
  expect(rows).toEqual([{ rows: 300, min: v * 100, max: v * 100 + 299, v, vs: 1 }])
  for (const view of views) {
    expect(view).toMatchObject({ state: 'completed', rowsLoaded: 300, error: null })
    await mustAddUp(view.ingestId)
  }
  const sum = (name: 'rowsInserted' | 'rowsDeleted') =>
    views.reduce((all, view) => all + (view[name] ?? 0), 0)
  expect(sum('rowsInserted')).toBe(sum('rowsDeleted'))
})

test('two merges of one table at once, and a writer of the user: no update is lost', async () => {
  await harness.db.query(`create table busy (id int primary key, v int not null, own int default 0);
    insert into busy select n, 0 from generate_series(1, 400) n`)
  const content = (v: number) =>
    `id,v\n${Array.from({ length: 400 }, (_, n) => `${((n * 7 * v) % 401) + 100},${v}`).join('\n')}\n`
  const target = { mode: 'merge' as const, key: ['id'] }
  const write = async () => {
    for (let n = 0; n < 200; n++) {
      await harness.db.query('update busy set own = own + 1 where id = $1', [1 + (n % 20)])
    }
  }
  const files = await Promise.all([1, 2, 3].map((v) => harness.file(`busy-${v}.csv`, content(v))))
  const [views] = await Promise.all([
    Promise.all(
      files.map((path) =>
        harness.ingest({
          source: { kind: 'directory', path },
          target: { table: 'busy', ...target },
        }),
      ),
    ),
    write(),
  ])
  for (const view of views) {
    expect(view).toMatchObject({ state: 'completed', error: null, rowsRejected: 0 })
    await mustAddUp(view.ingestId)
  }
  const inserted = views.reduce((sum, { rowsInserted }) => sum + (rowsInserted ?? 0), 0)
  const { rows } = await harness.db.query(
    'select count(*) as rows, sum(own) as own, count(distinct v) as merges from busy',
  )
  expect(rows[0]).toMatchObject({ rows: 400 + inserted })
  expect(Number(rows[0].own)).toBe(200)
})
