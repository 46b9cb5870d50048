/**
 * Units are loaded while other lots are staged, step by step: what comes out is as if all had been
 * staged first. Workers and their end are in test/ingest/stream.test.ts.
 */
import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { listSource } from '../../activities/list.ts'
import { partsOf } from '../../activities/load/parts.ts'
import { loadUnit } from '../../activities/load.ts'
import { type Planned, planIngest } from '../../activities/plan.ts'
import { publishIngest } from '../../activities/publish.ts'
import { stageLot } from '../../activities/stage.ts'
import { sweepIngest } from '../../activities/sweep.ts'
import type { Counts, Outcome } from '../../src/domain/words.ts'
import { transaction } from '../../src/postgres/db.ts'
import { readFiles } from '../../src/postgres/ledger/files.ts'
import { enterIngest, readIngest } from '../../src/postgres/ledger/ingests.ts'
import { splitUnit } from '../../src/postgres/ledger/poison.ts'
import { lockUnit } from '../../src/postgres/ledger/units.ts'
import { viewIngest } from '../../src/postgres/ledger/views.ts'
import { fullSpec } from '../../src/spec/spec.ts'
import type { StagedState } from '../../src/stage/stage.ts'
import { UnitBytes } from '../../src/stage/unitBytes.ts'
import { anyRejects, build } from '../harness.ts'
import { attemptOf } from './attempt.ts'
import { type Case, cases, large, many } from './streamCases.ts'

const harness = await build(anyRejects)
const attempt = attemptOf(harness)

async function entered({ files, setUp, target }: Case) {
  const ingestId = randomUUID()
  await mkdir(join(harness.folder, ingestId))
  for (const [n, text] of files.entries()) {
    await harness.file(`${ingestId}/${String(n).padStart(3, '0')}.csv`, text)
  }
  await harness.db.query('drop table if exists t')
  if (setUp) await harness.db.query(setUp)
  const into = { table: 't', ...target }
  const source = { kind: 'directory' as const, path: join(harness.folder, ingestId) }
  const spec = fullSpec({ source, target: into, ...anyRejects.spec })
  await enterIngest(harness.db, { ingestId, spec, target: 'public.t' })
  return ingestId
}

interface Ended {
  planned?: Planned
  counts?: Counts
  error?: { code: string; message: string }
}

async function orError(run: () => Promise<Ended>): Promise<Ended> {
  try {
    return await run()
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return { error: { code, message } }
  }
}

async function published(ingestId: string, planned: Planned): Promise<Ended> {
  for (let unitNo = 0; unitNo < planned.units; unitNo++)
    await loadUnit(attempt, { ingestId, unitNo })
  const { records } = planned
  const counts = (await publishIngest(attempt, { ingestId, records })) as Counts
  return { planned, counts }
}

const stagedFirst = (ingestId: string) =>
  orError(async () => {
    const { lots } = await listSource(attempt, { ingestId, lotBytesMax: 1 })
    for (let lotNo = 0; lotNo < lots; lotNo++) await stageLot(attempt, { ingestId, lotNo })
    return published(ingestId, await planIngest(attempt, { ingestId }))
  })

/** As a workflow that has one thing in hand at a time: a landing table that does not suit is seen to at once. */
async function staged(ingestId: string, lotNo: number): Promise<Planned> {
  const planned = await stageLot(attempt, { ingestId, lotNo, grow: true })
  const isHeld = planned?.held
  return isHeld ? planIngest(attempt, { ingestId, part: true }) : (planned as Planned)
}

/** @param order of lots that are staged, between which as many units are loaded as may be */
const streamed = (ingestId: string, { order, loads }: { order: number[]; loads: number[] }) =>
  orError(async () => {
    await listSource(attempt, { ingestId, lotBytesMax: 1 })
    let next = 0
    let before = 0
    for (const [at, lotNo] of order.entries()) {
      const { units, held, remade = 0 } = await staged(ingestId, lotNo)
      if (remade > before) next = 0
      before = remade
      const upTo = held ? 0 : Math.min(units, next + (loads[at] ?? 9))
      for (; next < upTo; next++) await loadUnit(attempt, { ingestId, unitNo: next })
    }
    return published(ingestId, await planIngest(attempt, { ingestId }))
  })

async function outcome(ingestId: string, ended: Ended) {
  const { error, counts, planned } = ended
  const isFailed = error !== undefined
  const end: Outcome = isFailed
    ? { state: 'failed', error: { ...error, hint: null } }
    : { state: 'completed', error: null }
  const rejects = isFailed ? [] : await harness.rejects(ingestId)
  await sweepIngest(attempt, { ingestId, outcome: end })
  const view = await viewIngest(harness.db, ingestId)
  const there = await harness.db.query(
    `select (select json_agg(column_name || ' ' || data_type order by ordinal_position)
             from information_schema.columns where table_name = 't') as columns,
            (select count(*) from pg_class where relname like 'sluice_landing%') as landings`,
  )
  const [columns] = there.rows
  const { rows } = columns.columns
    ? await harness.db.query('select t::text as row from t order by 1')
    : { rows: [] }
  const { units: _, ...sums } = counts ?? { units: 0 }
  const told = isFailed ? [] : view.notes
  const shown = {
    error,
    sums,
    state: view.state,
    told,
    types: view.columns,
    rejects,
    columns,
    rows,
  }
  const text = JSON.stringify(isFailed ? { ...shown, types: null } : shown)
  return { shown: JSON.parse(text.replaceAll(ingestId, 'ID')), remade: planned?.remade ?? 0 }
}

for (const [name, each] of Object.entries(cases)) {
  test(name, async () => {
    const first = await entered(each)
    const whole = await outcome(first, await stagedFirst(first))
    const second = await entered(each)
    const order = each.files.map((_, n) => n)
    const meanwhile = await outcome(second, await streamed(second, { order, loads: [] }))
    expect(meanwhile.shown).toEqual(whole.shown)
    expect(meanwhile.remade).toBe(each.remade ?? 0)
    expect(whole.remade).toBe(0)
  })
}

const numbersOf = async () =>
  (await harness.db.query('select id::int from t order by 1')).rows.map(({ id }) => id)

test('a unit that is split while the plan grows: numbers of units stay without a gap', async () => {
  const ingestId = await entered({ files: many(3, (n) => `id\n${n}1\n${n}2\n`) })
  await listSource(attempt, { ingestId, lotBytesMax: 1 })
  expect(await staged(ingestId, 0)).toMatchObject({ units: 1 })
  const files = await readFiles(harness.db, ingestId, [0])
  await transaction(harness.db, async (tx) => {
    const { unit } = await lockUnit(tx, { ingestId, unitNo: 0 })
    const bytes = new UnitBytes(harness.stage, ingestId, unit, files as Map<number, StagedState>)
    const parts = await partsOf(unit, (split) => bytes.slice(split), 2)
    await splitUnit(tx, { ingestId, unitNo: 0 }, { parts, ownNote: 0 })
  })
  // Its part has the number behind it.
  expect(await staged(ingestId, 1)).toMatchObject({ units: 2, records: 4 })
  const loaded = await loadUnit(attempt, { ingestId, unitNo: 0 })
  expect(loaded).toMatchObject({ rowsLoaded: 1, unitsAdded: 1 })
  expect(await staged(ingestId, 2)).toMatchObject({ units: 3, records: 6 })
  const planned = await planIngest(attempt, { ingestId })
  expect(planned).toMatchObject({ units: 3, records: 6 })
  const { counts } = await published(ingestId, { ...planned, units: planned.units + 1 })
  expect(counts).toMatchObject({ units: 4, rowsRead: 6, rowsLoaded: 6, rowsRejected: 0 })
  expect(await numbersOf()).toEqual([1, 2, 11, 12, 21, 22])
  await sweepIngest(attempt, { ingestId, outcome: { state: 'completed', error: null } })
})

test('a landing table that PostgreSQL has emptied while the plan grew is loaded again', async () => {
  // 17 MiB: it gets a landing table without a log.
  const lines = many(17, (n) => `${n},${'x'.repeat(1 << 20)}\n`)
  const setUp = 'create table t (id bigint, v text)'
  const files = [`id,v\n${lines.join('')}`, 'id,v\n17,b\n']
  const ingestId = await entered({ setUp, files })
  await listSource(attempt, { ingestId, lotBytesMax: 1 })
  const { units } = await staged(ingestId, 0)
  for (let unitNo = 0; unitNo < units; unitNo++) await loadUnit(attempt, { ingestId, unitNo })
  const { landing, unlogged } = await readIngest(harness.db, ingestId)
  expect(unlogged).toBe(true)
  await harness.db.query(`truncate ${landing}, sluice.unlogged_landings`)
  await staged(ingestId, 1)
  const planned = await planIngest(attempt, { ingestId })
  const first = await published(ingestId, planned)
  expect(first.counts).toEqual({ emptied: true })
  const { counts } = await published(ingestId, planned)
  expect(counts).toMatchObject({ rowsLoaded: 18, rowsRejected: 0 })
  expect(await numbersOf()).toEqual(many(18, (n) => n))
  await sweepIngest(attempt, { ingestId, outcome: { state: 'completed', error: null } })
})

const copying = attemptOf(harness, { stage: { ...harness.stage, pin: async () => false } })

const nextPart = async (ingestId: string, partBytes: number) => {
  const staged = await stageLot(copying, { ingestId, lotNo: 0, grow: true, partBytes })
  const planned = staged?.held ? await planIngest(copying, { ingestId, part: true }) : staged
  return { isPart: staged?.isPart ?? false, ...(planned as Planned) }
}

/** One large file that the stage cannot link to, whose parts have a record or a few each. */
const inParts = (ingestId: string, partBytes: number) =>
  orError(async () => {
    await listSource(copying, { ingestId, lotBytesMax: 1 })
    let next = 0
    let before = 0
    for (let mayBeMore = true; mayBeMore; ) {
      const { units, held, remade = 0, isPart } = await nextPart(ingestId, partBytes)
      if (remade > before) next = 0
      before = remade
      for (; next < (held ? 0 : units); next++) await loadUnit(copying, { ingestId, unitNo: next })
      mayBeMore = isPart
    }
    return published(ingestId, await planIngest(copying, { ingestId }))
  })

const partsOfFile = async (ingestId: string): Promise<number> => {
  const { rows } = await harness.db.query(
    'select jsonb_array_length(parts)::int as parts from sluice.files where ingest_id = $1',
    [ingestId],
  )
  return rows[0].parts
}

test.each(large)(
  'one file in parts, each loaded at once: $header',
  async ({ header, records, rows }) => {
    const given = { files: [`${header}\n${records.join('\n')}\n`] }
    const first = await entered(given)
    const whole = await outcome(first, await stagedFirst(first))
    const second = await entered(given)
    const ended = await inParts(second, 1)
    // Behind the quote that never ends all is read again at once, for it might have been a record.
    expect(await partsOfFile(second)).toBeGreaterThan(5)
    expect((await outcome(second, ended)).shown).toEqual(whole.shown)
    expect(whole.shown.sums.rowsLoaded).toBe(rows)
  },
)

const value = fc.constantFrom(
  ...['', '1', '20', '+3', '1.50', '1e3', '1.5e3', 'x', 'n/a', 'NULL', 'true', 'f', '2024-01-05'],
  ...['2024-01-05 10:00', '2024-01-05T10:00:00Z', '{}', '{"a": 1}', 'Infinity', '00501', '0', '-'],
)
const row = fc.tuple(fc.nat(99), value, value).map((fields) => fields.join(','))
const file = fc
  .tuple(fc.constantFrom('id,v,w', 'id,v,w', 'id,w,v', 'w,id,v'), fc.array(row, { maxLength: 6 }))
  .map(([header, rows]) => `${[header, ...rows].join('\n')}\n`)
const text = fc
  .tuple(
    fc.array(row, { maxLength: 12 }),
    fc.array(fc.constantFrom('"', ',', '\n', '1,"a\nb",2', ''), { maxLength: 3 }),
  )
  .map(([rows, odd]) => `id,v,w\n${[...rows, ...odd, ...rows].join('\n')}\n`)

test('one file of any records, in parts of any size', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 60 }), async (file, partBytes) => {
      const given = { files: [file] }
      const first = await entered(given)
      const whole = await outcome(first, await stagedFirst(first))
      const second = await entered(given)
      const meanwhile = await outcome(second, await inParts(second, partBytes))
      expect(meanwhile.shown).toEqual(whole.shown)
    }),
    { numRuns: 12 },
  )
})

const run = fc.record({
  files: fc.array(file, { minLength: 2, maxLength: 7 }),
  schema: fc.constantFrom('evolve' as const, 'freeze' as const),
  setUp: fc.constantFrom('', '', 'create table t (id int, v text, w text)'),
  loads: fc.array(fc.nat(3), { maxLength: 7 }),
  shuffle: fc.array(fc.nat(6), { maxLength: 7 }),
})

test('files of any values, whose lots are staged in any order', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(run, async ({ files, schema, setUp, loads, shuffle }) => {
      const given = { files, target: { schema }, ...(setUp && { setUp }) }
      const first = await entered(given)
      const whole = await outcome(first, await stagedFirst(first))
      const second = await entered(given)
      const order = files.map((_, n) => n)
      for (const [at, to] of shuffle.entries()) {
        if (at >= order.length) break
        order.splice(to % order.length, 0, ...order.splice(at, 1))
      }
      const meanwhile = await outcome(second, await streamed(second, { order, loads }))
      expect(meanwhile.shown).toEqual(whole.shown)
    }),
    { numRuns: 12 },
  )
})
