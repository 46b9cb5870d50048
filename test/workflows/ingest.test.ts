/** The workflow of an ingest by itself: which verbs it runs, in which order, and how many at once. */
import { WorkflowFailedError } from '@temporalio/client'
import { ApplicationFailure } from '@temporalio/common'
import { expect, test } from 'vitest'
import type { StepPlan } from '../../src/domain/step.ts'
import { buildFakes, type Fakes, gate, rejected, sized, small } from './fakes.ts'

const start = await buildFakes()

const step = (name: string): StepPlan => ({
  step: name,
  queue: null,
  timeoutMs: 60_000,
  softMs: 50_000,
  retry: { initialMs: 1000, backoff: 2, maximumMs: 60_000 },
})

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

test.concurrent('the verbs come in their order, and the counts are those of publish', async () => {
  const run = await start(sized({ lots: 2, files: 2, units: 3 }))
  expect(await run.handle.result()).toMatchObject({ files: 2, units: 3, rowsLoaded: 3 })
  expect(run.calls).toEqual([
    'list',
    'stage 0',
    'stage 1',
    'plan',
    'load 0',
    'load 1',
    'load 2',
    'publish',
    'sweep completed',
  ])
})

test.concurrent('a small ingest has one activity, which gives the counts', async () => {
  const beginIngest = () => ({ counts: { files: 1, units: 1, rowsRead: 1, rowsLoaded: 1 } })
  const run = await start({ beginIngest }, small)
  expect(await run.handle.result()).toMatchObject({ units: 1, rowsLoaded: 1 })
  expect(run.calls).toEqual(['begin'])
})

test.concurrent('what the first activity leaves is done by the others', async () => {
  const listed = { files: 1, lots: 2 }
  const planned = { ...listed, units: 2, records: 2, phase: 'load' }
  const split = { ...planned, units: 3, unitsAdded: 2, next: 1, loaded: 1, rowsLoaded: 0 }
  const rest = { list: { ...listed, phase: 'stage' }, plan: planned, split }
  const calls: Record<string, string[]> = {}
  for (const [after, progress] of Object.entries(rest)) {
    const run = await start({ ...sized({ units: 2 }), beginIngest: () => ({ progress }) }, small)
    await run.handle.result()
    calls[after] = run.calls
  }
  expect(calls).toEqual({
    list: ['begin', 'stage 0', 'stage 1', 'plan', 'load 0', 'load 1', 'publish', 'sweep completed'],
    plan: ['begin', 'load 0', 'load 1', 'publish', 'sweep completed'],
    split: ['begin', 'load 1 suspect', 'load 2 suspect', 'publish', 'sweep completed'],
  })
})

test.concurrent('a small ingest that fails is swept by an activity of its own', async () => {
  const beginIngest = () => {
    throw ApplicationFailure.create({ type: 'rejects_over_max', message: 'x', nonRetryable: true })
  }
  const run = await start({ beginIngest }, small)
  await expect(run.handle.result()).rejects.toThrow(WorkflowFailedError)
  expect(run.calls).toEqual(['begin', 'sweep failed'])
})

test.concurrent('verbs with time limits are activities of their own', async () => {
  const run = await start(sized({}), { ...small, limits: { load: { softMs: 1000 } } })
  await run.handle.result()
  expect(run.calls).toEqual(['list', 'stage 0', 'plan', 'load 0', 'publish', 'sweep completed'])
})

test.concurrent('each file goes through the steps, between stage and plan', async () => {
  const listSource = () => ({ files: 2, lots: 1, steps: [step('unpack'), step('check')] })
  const run = await start({ ...sized({ files: 2 }), listSource })
  await run.handle.result()
  const steps = ['unpack 0', 'check 0', 'unpack 1', 'check 1']
  expect(run.calls).toEqual([
    'list',
    'stage 0',
    ...steps,
    'plan',
    'load 0',
    'publish',
    'sweep completed',
  ])
})

test.concurrent('without a target the steps are all', async () => {
  const listSource = () => ({ files: 1, lots: 1, steps: [step('unpack')] })
  const run = await start({ listSource }, { target: null })
  const counts = { files: 1, units: 0, rowsRead: 0, rowsLoaded: 0, rowsRejected: 0 }
  expect(await run.handle.result()).toEqual(counts)
  expect(run.calls).toEqual(['list', 'stage 0', 'unpack 0', 'sweep completed'])
})

test.concurrent('an ingest without files and units publishes nothing more', async () => {
  const run = await start(sized({ lots: 0, files: 0, units: 0 }))
  expect(await run.handle.result()).toMatchObject({ files: 0, units: 0 })
  expect(run.calls).toEqual(['list', 'plan', 'publish', 'sweep completed'])
})

test.concurrent('as many units are under way as the window is wide', async () => {
  const gates = numbers(8).map(gate)
  let most = 0
  let now = 0
  const loadUnit = async ({ unitNo }: { unitNo: number }) => {
    most = Math.max(most, ++now)
    await gates[unitNo]?.passed
    now--
    return { rowsLoaded: 1, rowsRejected: 0 }
  }
  const run = await start({ ...sized({ units: 8 }), loadUnit }, { parallelism: 3 })
  await run.begun('load 2')
  await run.idleBut(3)
  expect(run.calls.filter((call) => /^load/.test(call))).toHaveLength(3)
  // The next one starts as soon as any of them ends; the first one may take its time.
  for (const unitNo of numbers(7).map((n) => n + 1)) {
    gates[unitNo]?.open()
    const next = unitNo + 2
    if (next < 8) await run.begun(`load ${next}`)
  }
  await run.idleBut(1)
  expect(run.calls).not.toContain('publish')
  gates[0]?.open()
  await run.handle.result()
  expect(most).toBe(3)
  expect(run.calls.filter((call) => /^load/.test(call)).sort()).toEqual(
    numbers(8).map((n) => `load ${n}`),
  )
})

test.concurrent('lots are staged in the same window, and plan waits for the last one', async () => {
  const held = gate()
  const stageLot = ({ lotNo }: { lotNo: number }) => (lotNo === 0 ? held.passed : undefined)
  const run = await start({ ...sized({ lots: 5 }), stageLot }, { parallelism: 2 })
  await run.begun('stage 4')
  await run.idleBut(1)
  expect(run.calls).not.toContain('plan')
  held.open()
  await run.handle.result()
  expect(run.calls.slice(-4)).toEqual(['plan', 'load 0', 'publish', 'sweep completed'])
})

test.concurrent('the parts of a unit that was split come behind all others, marked as parts', async () => {
  const loadUnit = ({ unitNo }: { unitNo: number }) =>
    unitNo === 0 ? { ...rejected, rowsRejected: 0, unitsAdded: 2 } : rejected
  const run = await start({ ...sized({ units: 3 }), loadUnit })
  await run.handle.result()
  expect(run.calls.filter((call) => /^load/.test(call))).toEqual([
    'load 0',
    'load 1',
    'load 2',
    'load 3 suspect',
    'load 4 suspect',
  ])
})

test.concurrent('a history that has grown goes on in a new run, and does nothing twice', async () => {
  const fakes = { ...sized({ lots: 12, units: 30 }) }
  const listed = { ...fakes, listSource: () => ({ files: 3, lots: 12, steps: [step('unpack')] }) }
  const run = await start(listed, { parallelism: 2, historyEventsMax: 40 })
  expect(await run.handle.result()).toMatchObject({ units: 30, rowsLoaded: 30 })
  const wanted = [
    'list',
    ...numbers(12).map((n) => `stage ${n}`),
    ...numbers(3).map((n) => `unpack ${n}`),
    'plan',
    ...numbers(30).map((n) => `load ${n}`),
    'publish',
    'sweep completed',
  ]
  expect([...run.calls].sort()).toEqual(wanted.sort())
  await run.ran(4)
})

test.concurrent('a verb that failed by chance is tried again', async () => {
  let tries = 0
  const planIngest = () => {
    if (++tries === 1) throw new Error('the database is away')
    return { units: 1, records: 1 }
  }
  const run = await start({ planIngest })
  expect(await run.handle.result()).toMatchObject({ units: 1 })
  expect(run.calls.filter((call) => call === 'plan')).toHaveLength(2)
})

const failure = (type: string) =>
  ApplicationFailure.create({
    message: `it is ${type}`,
    type,
    nonRetryable: true,
    details: [{ code: type, hint: 'do that' }],
  })

/** Lets a verb fail for good. @returns what the sweep is told, and how the workflow fails */
async function failing(fakes: Fakes) {
  const outcomes: unknown[] = []
  const run = await start({ ...fakes, sweepIngest: ({ outcome }) => void outcomes.push(outcome) })
  const error = await run.handle.result().catch((thrown: WorkflowFailedError) => thrown)
  expect(error).toBeInstanceOf(WorkflowFailedError)
  const { type, message } = (error as WorkflowFailedError).cause as ApplicationFailure
  return { run, outcomes, type, message }
}

test.concurrent.for([
  ['listSource', ['list']],
  ['stageLot', ['list', 'stage 0']],
  ['planIngest', ['list', 'stage 0', 'plan']],
  ['loadUnit', ['list', 'stage 0', 'plan', 'load 0']],
  ['publishIngest', ['list', 'stage 0', 'plan', 'load 0', 'publish']],
] as const)(
  '%s fails for good: the sweep is told why, and nothing else is done',
  async ([verb, calls]) => {
    const { run, outcomes, type, message } = await failing({
      [verb]: () => {
        throw failure('broken')
      },
    })
    expect(run.calls).toEqual([...calls, 'sweep failed'])
    const error = { code: 'broken', message: 'it is broken', hint: 'do that' }
    expect(outcomes).toEqual([{ state: 'failed', error }])
    expect([type, message]).toEqual(['broken', 'it is broken'])
  },
)

test.concurrent('a unit that fails takes the others with it', async () => {
  const held = gate()
  const loadUnit = async ({ unitNo }: { unitNo: number }) => {
    if (unitNo === 1) throw failure('broken')
    await held.passed
  }
  const run = await start({ ...sized({ units: 9 }), loadUnit }, { parallelism: 2 })
  await expect(run.handle.result()).rejects.toThrow(WorkflowFailedError)
  expect(run.calls.slice(-3).sort()).toEqual(['load 0', 'load 1', 'sweep failed'])
})

test.concurrent('what the ledger does not have fails with what the verb said', async () => {
  const { run, type } = await failing({
    listSource: () => {
      throw failure('not_known')
    },
    sweepIngest: () => {
      throw failure('ingest_not_found')
    },
  })
  expect([run.calls, type]).toEqual([['list', 'sweep failed'], 'not_known'])
})

test.concurrent.for([
  [2, 3],
  ['10%', 3],
  [0, 1],
  ['0%', 1],
] as const)(
  'with more than %s rejects of 20 it stops loading, and publish says so',
  async ([rejectsMax, loaded]) => {
    const publishIngest = () => {
      throw failure('too_many_rejects')
    }
    const fakes = { ...sized({ units: 20 }), loadUnit: () => rejected, publishIngest }
    const run = await start(fakes, { rejectsMax })
    await expect(run.handle.result()).rejects.toMatchObject({ cause: { type: 'too_many_rejects' } })
    const loads = numbers(loaded).map((n) => `load ${n}`)
    expect(run.calls).toEqual(['list', 'stage 0', 'plan', ...loads, 'publish', 'sweep failed'])
  },
)

test.concurrent('as many rejects as it takes are no reason to stop', async () => {
  const fakes = { ...sized({ units: 4 }), loadUnit: () => rejected }
  const run = await start(fakes, { rejectsMax: 4 })
  await run.handle.result()
  expect(run.calls.slice(-3)).toEqual(['load 3', 'publish', 'sweep completed'])
})
