/** An attempt at a step that throws after another one has finished the step. */
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { listSource } from '../../activities/list.ts'
import { stageLot } from '../../activities/stage.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { listSteps, recordStepEnds, recordStepFailure } from '../../src/postgres/ledger/steps.ts'
import { fullSpec } from '../../src/spec/spec.ts'
import { build } from '../harness.ts'
import { attemptOf } from './attempt.ts'

const harness = await build()

test('what it threw changes nothing of a step that is finished', async () => {
  const { db } = harness
  const ingestId = randomUUID()
  const path = await harness.file('late.csv', 'n\n1\n')
  const spec = fullSpec({ source: { kind: 'directory', path }, target: { table: 'late' } })
  await enterIngest(db, { ingestId, spec, target: 'public.late' })
  await listSource(attemptOf(harness), { ingestId })
  await stageLot(attemptOf(harness), { ingestId, lotNo: 0 })
  const step = { ingestId, stepNo: 0, step: 'checked' }
  const nowMs = performance.now()
  const at = { ...step, fileNo: 0, worker: 'late', attempt: 1, startMs: nowMs }
  expect(await recordStepFailure(db, at, 'first')).toBe(1)
  const end = { fileNo: 0, attempt: 2, startMs: nowMs, endMs: nowMs, result: '1', file: null }
  const { first } = await recordStepEnds(db, { ...step, worker: 'other' }, [end])
  expect(first).toEqual([0])
  expect(await recordStepFailure(db, at, 'late')).toBe(0)
  const page = { limit: 1, after: { fileNo: -1, stepNo: 0 } }
  const [found] = await listSteps(db, ingestId, page)
  expect(found).toMatchObject({ worker: 'other', attempt: 2, failures: 1, error: null, result: 1 })
})
