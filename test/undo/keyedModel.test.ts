/**
 * Merges, inserts and syncs, retries of their rejects, changes by hand and undos in any order, against a
 * model in memory. In the model each version of a row is an object of its own, so that it is known which
 * one an ingest wrote and which one it found.
 */
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planUndo } from '../../src/ingests/undo.ts'
import { build } from '../harness.ts'
import { bring, retry, undo } from './byVerbs.ts'

const harness = await build()
const { db } = harness

/** Few keys, so that ingests meet at the same rows. */
const id = fc.integer({ min: 0, max: 3 })
/** Few values, so that rows stay the same at times; `x` makes a reject. */
const n = fc.constantFrom('0', '1', '2', '3', 'x')
const line = fc.record({ id, n, gone: fc.nat(3).map((one) => one === 0) })
const mode = fc.constantFrom('merge' as const, 'merge' as const, 'insert' as const, 'sync' as const)
/** Which ingest, from the last one on. */
const which = fc.nat(2)
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant('ingest' as const),
      ...{ mode, soft: fc.boolean() },
      lines: fc.array(line, { minLength: 1, maxLength: 5 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('write' as const), id }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('delete' as const), id }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('undo' as const), which }) },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('retry' as const), which, line }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never
type Ingest = Extract<Step, { does: 'ingest' }>
type Line = Ingest['lines'][number]

interface Version {
  n: number
  mine: string
  off: boolean
}

interface Brought {
  id: string
  step: Ingest
  path: string
  /** Lines of its file that are rejects still. */
  open: number[]
  /** By key: what it wrote last, and what was there before that. */
  wrote: Map<number, Version>
  found: Map<number, Version>
}

/** What has happened so far, in the model. */
class World {
  readonly rows = new Map<number, Version>()
  readonly ingests: Brought[] = []

  write(by: Brought, key: number, version: Version | null): void {
    const was = this.rows.get(key)
    const own = by.wrote.get(key)
    if (was && was !== own) by.found.set(key, was)
    // Somebody else has deleted it since, and it is not to come back.
    if (!was && own) by.found.delete(key)
    if (version) by.wrote.set(key, version)
    else by.wrote.delete(key)
    if (version) this.rows.set(key, version)
    else this.rows.delete(key)
  }

  /** @returns whether the line was taken */
  take(by: Brought, { id: key, n: text, gone }: Line): boolean {
    const was = this.rows.get(key)
    const { mode: how, soft } = by.step
    if (was && how === 'insert') return false
    if (how === 'merge' && gone) {
      if (was) this.write(by, key, null)
      return true
    }
    const isSoft = how === 'sync' && soft
    const off = isSoft ? false : (was?.off ?? false)
    const now = { n: Number(text), mine: was?.mine ?? 'm', off }
    if (was?.n !== now.n || was.off !== now.off) this.write(by, key, now)
    return true
  }

  deleteAbsent(by: Brought): void {
    const { lines, soft } = by.step
    for (const [key, row] of this.rows) {
      if (lines.some((each) => each.id === key) || (soft && row.off)) continue
      this.write(by, key, soft ? { ...row, off: true } : null)
    }
  }

  /** @returns what becomes of the row, or why it stays */
  #undoRow({ wrote, found }: Brought, key: number) {
    const [now, own, was] = [this.rows.get(key), wrote.get(key), found.get(key)]
    if (now !== own) return own ? keptWhy(now) : 'taken'
    if (!was) {
      this.rows.delete(key)
      return 'removed'
    }
    const back = { ...was }
    this.rows.set(key, back)
    for (const other of this.ingests) {
      if (other.wrote.get(key) === was) other.wrote.set(key, back)
    }
    return 'restored'
  }

  undo(by: Brought) {
    const buckets = { rowsRemoved: 0, rowsRestored: 0, rowsKept: 0 }
    const kept: { key: { id: number }; why: string }[] = []
    const keys = [...new Set([...by.wrote.keys(), ...by.found.keys()])].sort((a, b) => a - b)
    for (const key of keys) {
      const fate = this.#undoRow(by, key)
      if (fate === 'removed') buckets.rowsRemoved++
      else if (fate === 'restored') buckets.rowsRestored++
      else kept.push({ key: { id: key }, why: fate })
    }
    return { buckets: { ...buckets, rowsKept: kept.length }, kept }
  }
}

const keptWhy = (now: Version | undefined) => (now ? 'changed' : 'deleted')

let tables = 0

const csvOf = (how: Ingest['mode'], lines: readonly Line[]) =>
  lines.map(({ id: key, n: text, gone }) => [key, text, ...(how === 'merge' ? [gone] : [])].join())

async function ingest(world: World, table: string, given: Ingest): Promise<void> {
  const { mode: how, soft, lines } = given
  const more = {
    merge: { deleteWhen: 'gone' },
    insert: {},
    sync: { maxDeletes: '100%', ...(soft && { softDelete: 'off' }) },
  }[how]
  const header = how === 'merge' ? 'id,n,gone' : 'id,n'
  const into = { table, mode: how, key: ['id'], ...more }
  const ingestId = await bring(harness, `${[header, ...csvOf(how, lines)].join('\n')}\n`, into)
  const open = lines.flatMap(({ n: text }, at) => (text === 'x' ? [at + 2] : []))
  const by = {
    ...{ id: ingestId, step: given, open, wrote: new Map(), found: new Map() },
    path: `${harness.folder}/${ingestId}.csv`,
  }
  if (how === 'sync' && open.length === 0) world.deleteAbsent(by)
  const winners = new Map<number, Line>()
  for (const each of lines.filter(({ n: text }) => text !== 'x')) {
    if (how !== 'insert' || !winners.has(each.id)) winners.set(each.id, each)
  }
  for (const each of winners.values()) world.take(by, each)
  world.ingests.push(by)
}

async function retryOne(world: World, { which: back, line: given }: { which: number; line: Line }) {
  const open = world.ingests.filter((each) => each.open.length > 0)
  const by = open.at(-1 - (back % Math.max(open.length, 1)))
  const [no, ...others] = by?.open ?? []
  if (!by || no === undefined) return
  const [raw] = csvOf(by.step.mode, [given])
  const corrected = `file,line,raw\n${by.path},${no},"${raw}"\n`
  const { rowsLoaded } = await retry(harness, by.id, corrected)
  const isTaken = given.n !== 'x' && world.take(by, given)
  expect(rowsLoaded).toBe(isTaken ? 1 : 0)
  if (isTaken) by.open = others
}

async function undoOne(world: World, back: number): Promise<void> {
  const [by] = world.ingests.splice(-1 - (back % world.ingests.length), 1) as [Brought]
  const { buckets, kept } = world.undo(by)
  expect(await planUndo({ db } as never, by.id)).toMatchObject({ ...buckets, kept })
  expect(await undo(harness, by.id)).toEqual({ ...buckets, tableDropped: false })
  const { rows } = await db.query('select kept from sluice.undone where ingest_id = $1', [by.id])
  expect(rows).toEqual([{ kept }])
}

/** In the end all are taken back, from the last one on. */
const last: Step[] = Array.from({ length: 16 }, () => ({ does: 'undo', which: 0 }))

async function run(steps: readonly Step[]): Promise<void> {
  const table = `keyed_${tables++}`
  await db.query(`create table ${table} (id int primary key, n int, mine text default 'm',
    off bool not null default false)`)
  const world = new World()
  for (const each of [...steps, ...last]) {
    if (each.does === 'undo' && world.ingests.length === 0) continue
    if (each.does === 'ingest') await ingest(world, table, each)
    else if (each.does === 'undo') await undoOne(world, each.which)
    else if (each.does === 'retry') await retryOne(world, each)
    else if (each.does === 'delete') {
      await db.query(`delete from ${table} where id = $1`, [each.id])
      world.rows.delete(each.id)
    } else {
      const row = { n: 9, mine: randomUUID(), off: false }
      await db.query(
        `insert into ${table} values ($1, $2, $3, $4)
         on conflict (id) do update set n = excluded.n, mine = excluded.mine, off = excluded.off`,
        [each.id, ...Object.values(row)],
      )
      world.rows.set(each.id, row)
    }
    const { rows: there } = await db.query(`select id, n, mine, off from ${table} order by id`)
    const modelled = [...world.rows].map(([key, row]) => ({ id: key, ...row }))
    expect(there).toEqual(modelled.sort((a, b) => a.id - b.id))
  }
}

test('what is taken back, and what stays', { timeout: 120_000 }, async () => {
  const steps = fc.array(step, { minLength: 8, maxLength: 16 })
  await fc.assert(fc.asyncProperty(steps, run), { numRuns: 10, seed: 46, endOnFailure: true })
})
