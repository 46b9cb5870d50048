/**
 * Ingests, changes by hand and undos in any order, against a model in memory. In the model each row
 * knows who wrote it last: an undo takes the rows that its ingest wrote last, and no other.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { build } from '../harness.ts'
import { bring, undo } from './byVerbs.ts'

const harness = await build()
const { db } = harness

interface Row {
  id: number
  n: number
  /** The place of its ingest in the row of ingests; null: somebody's own. */
  by: number | null
}

const id = fc.integer({ min: 0, max: 11 })
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('append'),
      ids: fc.array(id, { minLength: 1, maxLength: 5 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('update'), id }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('delete'), id }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('insert'), id }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('undo'), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.constantFrom({ does: 'vacuum' }, { does: 'cluster' }) },
)
type Step = Partial<{ ids: number[]; id: number; which: number }> & { does: string }

const table = 'modelled'

const line = ({ id: key, n }: Row) => `${key},${n}`

/** What has happened so far: in the model, and of its ingests. */
interface World {
  /** A row whose key is there already is a reject; without a key there are equal rows. */
  isKeyed: boolean
  rows: Row[]
  ingests: { id: string; loaded: number; isUndone: boolean }[]
}

const has = ({ rows }: World, wanted: number) => rows.some((row) => row.id === wanted)

const does: Record<string, (world: World, step: Step, at: number) => Promise<unknown>> = {
  async append(world, { ids = [] }, at) {
    const taken = new Set<number>()
    const isGood = (each: number) =>
      !world.isKeyed || (!has(world, each) && !taken.has(each) && taken.add(each))
    const good = ids.filter(isGood)
    const by = world.ingests.length
    const ingestId = await bring(
      harness,
      `id,n\n${ids.map((each) => `${each},${at}`).join('\n')}\n`,
      { table },
    )
    world.rows.push(...good.map((each) => ({ id: each, n: at, by })))
    world.ingests.push({ id: ingestId, loaded: good.length, isUndone: false })
  },
  async update(world, { id: key }, at) {
    await db.query(`update ${table} set n = $2 where id = $1`, [key, at])
    world.rows = world.rows.map((row) => (row.id === key ? { ...row, n: at, by: null } : row))
  },
  async delete(world, { id: key }) {
    await db.query(`delete from ${table} where id = $1`, [key])
    world.rows = world.rows.filter((row) => row.id !== key)
  },
  async insert(world, { id: key = 0 }, at) {
    if (world.isKeyed && has(world, key)) return
    await db.query(`insert into ${table} values ($1, $2)`, [key, at])
    world.rows.push({ id: key, n: at, by: null })
  },
  async undo(world, { which = 0 }) {
    const no = which % Math.max(world.ingests.length, 1)
    const ingest = world.ingests[no]
    if (!ingest || ingest.isUndone) return
    const rowsRemoved = world.rows.filter(({ by }) => by === no).length
    const rowsKept = ingest.loaded - rowsRemoved
    const buckets = { rowsRemoved, rowsRestored: 0, rowsKept, tableDropped: false }
    expect(await undo(harness, ingest.id)).toEqual(buckets)
    ingest.isUndone = true
    world.rows = world.rows.filter(({ by }) => by !== no)
  },
  vacuum: () => db.query(`vacuum full ${table}`),
  cluster: () => db.query(`cluster ${table} using modelled_n`),
}

async function run(steps: readonly Step[], isKeyed: boolean): Promise<void> {
  await db.query(`drop table if exists ${table};
    create table ${table} (id int ${isKeyed ? 'primary key' : ''}, n int);
    create index modelled_n on ${table} (n)`)
  const world: World = { isKeyed, rows: [], ingests: [] }
  for (const [at, each] of steps.entries()) {
    await does[each.does]?.(world, each, at)
    const { rows: there } = await db.query<Row>(`select id, n from ${table}`)
    expect(there.map(line).sort()).toEqual(world.rows.map(line).sort())
  }
}

test.each([
  ['with a key', true],
  ['with equal rows', false],
])('%s', async (_, isKeyed) => {
  const steps = fc.array(step, { minLength: 4, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(steps, (given) => run(given as Step[], isKeyed)),
    { numRuns: 12, seed: 43, endOnFailure: true },
  )
})
