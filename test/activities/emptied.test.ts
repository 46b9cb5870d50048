/** Publish over a landing table that PostgreSQL has emptied, step by step: a crash is in unlogged.test.ts. */
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { listSource } from '../../activities/list.ts'
import { loadUnit } from '../../activities/load.ts'
import { planIngest } from '../../activities/plan.ts'
import { publishIngest } from '../../activities/publish.ts'
import { stageLot } from '../../activities/stage.ts'
import { sweepIngest } from '../../activities/sweep.ts'
import { transaction } from '../../src/postgres/db.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { splitUnit } from '../../src/postgres/ledger/poison.ts'
import { lockUnit } from '../../src/postgres/ledger/units.ts'
import { viewIngest } from '../../src/postgres/ledger/views.ts'
import { fullSpec } from '../../src/spec/spec.ts'
import { build } from '../harness.ts'
import { attemptOf } from './attempt.ts'

const harness = await build()
const rows = 17
/** 17 MiB: it gets a landing table without a log. */
const large = ['n,text', ...Array.from({ length: rows }, (_, n) => `${n},${'x'.repeat(1 << 20)}`)]

/** @param constraint of the table: with one the landing table numbers its rows */
async function planned(lines: string[], constraint = '') {
  const ingestId = randomUUID()
  const table = `t_${ingestId.slice(0, 8)}`
  const path = await harness.file(`${table}.csv`, `${lines.join('\n')}\n`)
  await harness.db.query(`create table ${table} (n int ${constraint}, text text)`)
  const spec = fullSpec({ source: { kind: 'directory', path }, target: { table } })
  await enterIngest(harness.db, { ingestId, spec, target: `public.${table}` })
  const attempt = attemptOf(harness)
  await listSource(attempt, { ingestId })
  await stageLot(attempt, { ingestId, lotNo: 0 })
  const { units, records } = await planIngest(attempt, { ingestId })
  const load = async () => {
    for (let unitNo = 0; unitNo < units; unitNo++) await loadUnit(attempt, { ingestId, unitNo })
  }
  const publish = (attemptNo = 1) =>
    publishIngest(attemptOf(harness, { attemptNo }), { ingestId, records })
  const count = async () =>
    (await harness.db.query(`select count(*) as rows, count(distinct n) as ids from ${table}`))
      .rows[0]
  return { ingestId, units, load, publish, count }
}

/** What a crash does to all unlogged tables. */
async function crash(ingestId: string): Promise<void> {
  const { rows: found } = await harness.db.query(
    'select landing from sluice.ingests where ingest_id = $1',
    [ingestId],
  )
  await harness.db.query(`truncate ${found[0].landing}, sluice.unlogged_landings`)
}

test.for(['', 'primary key'])(
  'a publish whose answer was lost says again that units are to be loaded again (%s)',
  async (constraint) => {
    const { ingestId, load, publish, count } = await planned(large, constraint)
    await load()
    await crash(ingestId)
    expect(await publish()).toEqual({ emptied: true })
    // Its worker died before the workflow heard of it.
    expect(await publish(2)).toEqual({ emptied: true })
    await load()
    expect(await publish(2)).toMatchObject({ rowsLoaded: rows, rowsRejected: 0 })
    expect(await count()).toEqual({ rows, ids: rows })
    const { notes } = await viewIngest(harness.db, ingestId)
    expect(notes.map(({ code }) => code)).toEqual(['units_loaded_again'])
  },
)

test('a first attempt that finds units without a receipt does not load them: that is a defect', async () => {
  const { ingestId, load, publish } = await planned(large)
  await load()
  await crash(ingestId)
  await publish()
  await expect(publish()).rejects.toMatchObject({ code: 'count_mismatch' })
})

test('nothing is completed that was not published, whatever its workflow makes of an answer', async () => {
  const { ingestId, load, publish, count } = await planned(large)
  await load()
  await crash(ingestId)
  await publish()
  const outcome = { state: 'completed' as const, error: null }
  await sweepIngest(attemptOf(harness), { ingestId, outcome })
  const { state, error } = await viewIngest(harness.db, ingestId)
  expect([state, error?.code]).toEqual(['failed', 'count_mismatch'])
  expect(await count()).toEqual({ rows: 0, ids: 0 })
})

test('a plan that is found again has its own units only, not the parts of one that was split', async () => {
  const { ingestId, units } = await planned(['n,text', '1,a', '2,b'])
  const ref = { ingestId, unitNo: 0 }
  await transaction(harness.db, async (tx) => {
    const { unit } = await lockUnit(tx, ref)
    await splitUnit(tx, ref, {
      parts: [
        { ...unit, records: 1 },
        { ...unit, records: 1 },
      ],
      ownNote: 0,
    })
  })
  const again = await planIngest(attemptOf(harness, { attemptNo: 2 }), { ingestId })
  expect(again).toMatchObject({ units, records: 2 })
})
