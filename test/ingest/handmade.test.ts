/** Workflows and activities that somebody starts by hand, with whatever input. */
import { ApplicationFailure } from '@temporalio/common'
import { MockActivityEnvironment } from '@temporalio/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toActivity } from '../../activities/attempt/activity.ts'
import type { Attempt } from '../../activities/attempt/attempt.ts'
import { createActivities } from '../../activities/index.ts'
import { problemOfIngest, problemOfInput, problemOfRetry } from '../../src/domain/input.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { viewIngest } from '../../src/postgres/ledger/views.ts'
import { fullSpec } from '../../src/spec/spec.ts'
import { build } from '../harness.ts'
import { testDeps } from './deps.ts'

const harness = await build()
const good = { target: 'public.t', parallelism: 4, rejectsMax: null }
const run = { phase: 'load', next: 0, files: 1, lots: 1, units: 1, records: 1, loaded: 0 }
const progress = { ...run, rowsLoaded: 0, rowsRejected: 0, paused: false }

/** [workflow, input, what its failure says] */
const inputs: [string, unknown[], string | RegExp][] = [
  ['ingest', [], 'input is no object'],
  ['ingest', [null], 'input is no object'],
  ['ingest', [[]], 'input is no object'],
  ['ingest', ['x'], 'input is no object'],
  ['ingest', [{ ...good, parallelism: 1e9 }], 'input.parallelism'],
  ['ingest', [{ ...good, parallelism: 0 }], 'input.parallelism'],
  ['ingest', [{ ...good, parallelism: -1 }], 'input.parallelism'],
  ['ingest', [{ ...good, parallelism: '8' }], 'input.parallelism'],
  ['ingest', [{ ...good, target: {} }], 'input.target'],
  ['ingest', [{ ...good, rejectsMax: '12' }], 'input.rejectsMax'],
  ['ingest', [{ ...good, limits: { load: { hardMs: 1e300 } } }], 'input.limits.load.hardMs'],
  ['ingest', [{ ...good, limits: { list: { softMs: 'a' } } }], 'input.limits.list.softMs'],
  ['ingest', [{ ...good, limits: 7 }], 'input.limits'],
  ['ingest', [{ ...good, historyEventsMax: 0 }], 'input.historyEventsMax'],
  ['ingest', [{ ...good, heartbeatMs: 1 }], 'input.heartbeatMs'],
  ['ingest', [good, { ...progress, units: 1e300 }], 'progress.units'],
  ['ingest', [good, { ...progress, phase: 'nonsense' }], 'progress.phase'],
  ['ingest', [good, { ...progress, steps: [{}] }], 'progress.steps[0]'],
  ['ingest', [good, { ...progress, queue: 'a b' }], 'progress.queue'],
  ['ingest', [good], 'There is no ingest'],
  ['ingest', [good, { ...progress, units: 2e9 }], /There is no ingest|is unknown/],
  ['retryRejects', [], 'input is no object'],
  ['retryRejects', [{ ingestId: '../..', retryId: 'retry-1', upload: null }], 'input.ingestId'],
  [
    'retryRejects',
    [{ ingestId: 'a', retryId: 'retry-1', upload: { name: '../../x', sha256: 'a' } }],
    'input.upload',
  ],
  ['retryRejects', [{ ingestId: 'a', retryId: 'retry-1', upload: null }], 'There is no ingest'],
  ['undoIngest', [{ ingestId: '../..' }], 'input.ingestId'],
  ['undoIngest', [{ ingestId: 'a' }], 'There is no ingest'],
]

test('no input ends a worker: each workflow fails at once, and says why', async () => {
  const worker = await harness.startWorker()
  const failures = await Promise.all(
    inputs.map(async ([type, args], index) => {
      const workflowId = `${harness.queue}-by-hand-${index}`
      const options = {
        workflowId,
        taskQueue: harness.queue,
        args,
        workflowExecutionTimeout: '60s',
      }
      return harness.client.workflow.execute(type, options as never).then(
        () => 'completed',
        (error) => error.cause,
      )
    }),
  )
  for (const [index, [type, args, message]] of inputs.entries()) {
    const what = `${type} ${JSON.stringify(args)}`
    expect(failures[index], what).toBeInstanceOf(ApplicationFailure)
    expect(failures[index].message, what).toMatch(message)
  }
  expect(worker.child.exitCode).toBeNull()
  const source = { kind: 'directory' as const, path: await harness.file('a.csv', 'n\n1\n') }
  expect(await harness.ingest({ source, target: { table: 'a' } })).toMatchObject({
    state: 'completed',
  })
  expect(worker.pid).toBe(worker.child.pid)
})

test('an ingest whose workflow had such an input has failed with it', async () => {
  const ingestId = `${harness.queue}-entered`
  const spec = fullSpec({
    source: { kind: 'directory', path: '/nowhere' },
    target: { table: 'b' },
    queue: harness.queue,
  })
  await enterIngest(harness.db, { ingestId, spec, target: 'public.b' })
  const options = { workflowId: ingestId, taskQueue: harness.queue, args: [{ parallelism: 1e9 }] }
  await expect(harness.client.workflow.execute('ingest', options as never)).rejects.toThrow()
  const { state, error } = await viewIngest(harness.db, ingestId)
  expect(state).toBe('failed')
  expect(error).toMatchObject({ code: 'input_invalid' })
})

test.each([
  ['listSource', {}],
  ['listSource', null],
  ['stageLot', { ingestId: 'a', lotNo: 1e300 }],
  ['stageLot', { ingestId: '../../../tmp', lotNo: 0 }],
  ['loadUnit', { ingestId: 'a', unitNo: -1 }],
  ['loadUnit', { ingestId: ['a'], unitNo: 0 }],
  ['runStep', { ingestId: 'a', fileNo: 0, stepNo: 'x', step: 's' }],
  ['sweepIngest', { ingestId: 'a', outcome: { state: 'running', error: null } }],
  ['publishIngest', { ingestId: 'a', records: Number.MAX_VALUE }],
  ['planIngest', { ingestId: 'a\0b' }],
  ['planIngest', { ingestId: 'a', softMs: 'soon' }],
  ['retryRejects', { ingestId: 'a', retryId: 'retry-1', upload: { name: '/etc/passwd' } }],
  ['markPaused', { ingestId: 'a' }],
])('the activity %s refuses %j, and is not tried again', async (name, input) => {
  const activity = createActivities(testDeps(harness, harness.stage))[name as 'planIngest']
  const failure = await new MockActivityEnvironment().run(activity, input as never).catch((e) => e)
  expect(failure).toMatchObject({ type: 'input_invalid', nonRetryable: true })
})

test('the check of an input answers to anything', () => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (one, other) => {
      for (const problem of [problemOfIngest(one, other), problemOfIngest(good, other)]) {
        expect(problem === null || typeof problem === 'string').toBe(true)
      }
      problemOfRetry(one)
      problemOfInput(one, ['ingestId'])
    }),
  )
  expect(problemOfIngest(good, progress)).toBe(null)
})

const activityOf = (run: (attempt: Attempt) => Promise<unknown>) =>
  toActivity(testDeps(harness), 'made up', { needs: [], run })

/** Keeps the main thread busy, as a defect would. */
function hang(ms: number): void {
  const until = Date.now() + ms
  while (Date.now() < until) Math.sqrt(until)
}

test('an attempt that could not heartbeat in time ends when it can run again', async () => {
  const environment = new MockActivityEnvironment({ heartbeatTimeoutMs: 1500 })
  const failure = await environment
    .run(
      activityOf(async ({ signal }) => {
        hang(2500)
        await new Promise((_, reject) => signal.addEventListener('abort', reject))
      }),
      {},
    )
    .catch((error) => error)
  expect(failure).toMatchObject({ type: 'attempt_lost', nonRetryable: false })
})

test('a later attempt in the same process ends the earlier one first', async () => {
  const ends: string[] = []
  const attempt = (number: number, work: (attempt: Attempt) => Promise<unknown>) =>
    new MockActivityEnvironment({ attempt: number, activityId: 'same' }).run(activityOf(work), {})
  let begin = () => {}
  const begun = new Promise<void>((resolve) => (begin = resolve))
  const first = attempt(1, async ({ signal }) => {
    begin()
    await new Promise((_, reject) => signal.addEventListener('abort', reject)).finally(() =>
      ends.push('first'),
    )
  }).catch((error) => error)
  await begun
  await attempt(2, async () => ends.push('second'))
  expect(ends).toEqual(['first', 'second'])
  expect(await first).toMatchObject({ type: 'attempt_lost' })
})
