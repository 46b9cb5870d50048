/** The workflow of an ingest by itself, paused and cancelled at every point of its way. */
import { CancelledFailure } from '@temporalio/common'
import { expect, test } from 'vitest'
import { pause, pauseUpdate, resume, resumeUpdate } from '../../workflows/signals.ts'
import { buildFakes, type Fakes, gate, sized } from './fakes.ts'

const start = await buildFakes()

const retry = { initialMs: 1000, backoff: 2, maximumMs: 60_000 }
const step = { step: 'unpack', queue: null, timeoutMs: 60_000, softMs: 50_000, retry }
const listed = { files: 1, lots: 1, steps: [step] }

/** All that an ingest does, in its order. */
const whole = ['list', 'stage 0', 'unpack 0', 'plan', 'load 0', 'publish', 'sweep completed']
const verbs = {
  list: 'listSource',
  'stage 0': 'stageLot',
  'unpack 0': 'runStep',
  plan: 'planIngest',
  'load 0': 'loadUnit',
  publish: 'publishIngest',
} as const
const answers: Fakes = {
  ...sized({}),
  listSource: () => listed,
  loadUnit: () => ({ rowsLoaded: 1, rowsRejected: 0 }),
}
const calls = Object.keys(verbs) as (keyof typeof verbs)[]

/** Starts an ingest, and holds that verb up. */
async function holdAt(call: keyof typeof verbs, more: Fakes = {}) {
  const held = gate()
  const outcomes: unknown[] = []
  const verb = verbs[call]
  const run = await start({
    ...answers,
    ...more,
    [verb]: async (input: never) => {
      await held.passed
      return answers[verb]?.(input)
    },
    sweepIngest: ({ outcome }) => void outcomes.push(outcome),
  })
  await run.begun(call)
  return { run, held, outcomes }
}

const upTo = (call: string): string[] => whole.slice(0, whole.indexOf(call) + 1)

const unmarked = (made: string[]): string[] => made.filter((call) => !/^mark/.test(call))
const beforePublish = calls.filter((call) => call !== 'publish')

test.concurrent.for(beforePublish)('paused in %s: it ends, the next one waits', async (call) => {
  const { run, held, outcomes } = await holdAt(call)
  await run.handle.signal(pause)
  await run.begun('mark paused')
  held.open()
  await run.idleBut(0)
  expect(unmarked(run.calls)).toEqual(upTo(call))
  await run.handle.signal(resume)
  expect(await run.handle.result()).toMatchObject({ rowsLoaded: 1 })
  expect(unmarked(run.calls)).toEqual(whole)
  expect(outcomes).toEqual([{ state: 'completed', error: null }])
})

test.concurrent('paused in publish: what is published does not wait to be swept', async () => {
  const { run, held } = await holdAt('publish')
  await run.handle.signal(pause)
  await run.begun('mark paused')
  held.open()
  expect(await run.handle.result()).toMatchObject({ rowsLoaded: 1 })
  expect(unmarked(run.calls)).toEqual(whole)
})

test.concurrent('paused with a wide window: what has begun ends, no other unit begins', async () => {
  const held = gate()
  const loadUnit = async () => {
    await held.passed
    return { rowsLoaded: 1, rowsRejected: 0 }
  }
  const run = await start({ ...sized({ units: 9 }), loadUnit }, { parallelism: 3 })
  await run.begun('load 2')
  await run.handle.signal(pause)
  await run.begun('mark paused')
  held.open()
  await run.idleBut(0)
  const loads = () => run.calls.filter((each) => /^load/.test(each)).length
  expect(loads()).toBe(3)
  await run.handle.signal(resume)
  await run.handle.result()
  expect(loads()).toBe(9)
})

test.concurrent('a pause goes along into the next run', async () => {
  const held = gate()
  const loadUnit = async ({ unitNo }: { unitNo: number }) => {
    if (unitNo === 5) await held.passed
    return { rowsLoaded: 1, rowsRejected: 0 }
  }
  const run = await start({ ...sized({ units: 9 }), loadUnit }, { historyEventsMax: 20 })
  await run.begun('load 5')
  await run.handle.signal(pause)
  await run.begun('mark paused')
  held.open()
  await run.idleBut(0)
  expect(run.calls.at(-1)).toBe('mark paused')
  await run.handle.signal(resume)
  expect(await run.handle.result()).toMatchObject({ units: 9 })
  expect(run.calls.filter((each) => /^load/.test(each))).toHaveLength(9)
  await run.ran(3)
})

test.concurrent('a verb that finds the pause first hands itself back, and comes again', async () => {
  const handed = gate()
  const inputs: object[] = []
  const planIngest = async (input: object) => {
    inputs.push(input)
    if (inputs.length > 1) return { units: 1, records: 1 }
    await handed.passed
    return { handedBack: true, again: true }
  }
  const run = await start({ ...answers, planIngest })
  await run.begun('plan')
  await run.handle.signal(pause)
  await run.begun('mark paused')
  handed.open()
  await run.idleBut(0)
  expect(inputs).toHaveLength(1)
  await run.handle.signal(resume)
  await run.handle.result()
  // That it was tried before is not forgotten.
  expect(inputs).toMatchObject([{ ingestId: run.ingestId }, { again: true }])
})

test.concurrent('paused and resumed in a row: one mark at a time, the last word last', async () => {
  const [held, planned] = [gate(), gate()]
  const marks: boolean[] = []
  let most = 0
  let now = 0
  const markPaused = async ({ paused }: { paused: boolean }) => {
    most = Math.max(most, ++now)
    await held.passed
    marks.push(paused)
    now--
  }
  const planIngest = async () => {
    await planned.passed
    return { units: 1, records: 1 }
  }
  const run = await start({ ...answers, markPaused, planIngest })
  await run.begun('plan')
  for (const signal of [pause, resume, pause, resume]) await run.handle.signal(signal)
  await run.idleBut(2)
  held.open()
  planned.open()
  expect(await run.handle.result()).toMatchObject({ rowsLoaded: 1 })
  // One was under way, and one did for all that came meanwhile.
  expect([most, marks]).toEqual([1, [true, false]])
})

test.concurrent.for(calls)(
  '20 updates at once in %s: all answered, the last number counts',
  async (call) => {
    const marks: boolean[] = []
    const { run, held } = await holdAt(call, {
      markPaused: ({ paused }) => void marks.push(paused),
    })
    const orders = Array.from({ length: 20 }, (_, n) => n + 1).sort(() => Math.random() - 0.5)
    const isPaused = Math.random() < 0.5
    const send = (order: number) =>
      // The server takes ten at once; the client asks again for the others.
      run.handle.executeUpdate((order === 20) === isPaused ? pauseUpdate : resumeUpdate, {
        args: [order],
      })
    await Promise.all(orders.map(send))
    expect(marks.at(-1)).toBe(isPaused)
    held.open()
    if (isPaused && call !== 'publish') {
      await run.idleBut(0)
      expect(unmarked(run.calls)).toEqual(upTo(call))
      // A word from before the last one comes late, by a signal as well.
      await run.handle.signal(resume, 3)
      await run.handle.executeUpdate(resumeUpdate, { args: [7] })
      expect(marks.at(-1)).toBe(true)
      expect(unmarked(run.calls)).toEqual(upTo(call))
      await run.handle.executeUpdate(resumeUpdate, { args: [21] })
    }
    expect(await run.handle.result()).toMatchObject({ rowsLoaded: 1 })
    expect(unmarked(run.calls)).toEqual(whole)
  },
)

test.concurrent.for(['signal', 'update'])('cancelled before the %s is marked', async (way) => {
  const [marked, planned] = [gate(), gate()]
  const run = await start({
    ...answers,
    markPaused: () => marked.passed,
    planIngest: () => planned.passed,
  })
  await run.begun('plan')
  const told =
    way === 'signal'
      ? run.handle.signal(pause)
      : run.handle.executeUpdate(pauseUpdate, { args: [1] })
  await run.begun('mark paused')
  await run.handle.cancel()
  await run.begun('sweep cancelled')
  marked.open()
  await told
  await expect(run.handle.result()).rejects.toMatchObject({ cause: expect.any(CancelledFailure) })
})

const cancelled = { state: 'cancelled', error: null }

test.concurrent.for(calls)('cancelled in %s: the sweep comes, and nothing else', async (call) => {
  const { run, outcomes } = await holdAt(call)
  await run.handle.cancel()
  await expect(run.handle.result()).rejects.toMatchObject({ cause: expect.any(CancelledFailure) })
  expect(run.calls).toEqual([...upTo(call), 'sweep cancelled'])
  expect(outcomes).toEqual([cancelled])
})

test.concurrent('cancelled with a wide window: no other unit begins', async () => {
  const held = gate()
  const loadUnit = () => held.passed
  const run = await start({ ...sized({ units: 9 }), loadUnit }, { parallelism: 3 })
  await run.begun('load 2')
  await run.handle.cancel()
  await expect(run.handle.result()).rejects.toMatchObject({ cause: expect.any(CancelledFailure) })
  expect(run.calls.filter((each) => /^load/.test(each))).toHaveLength(3)
  expect(run.calls.at(-1)).toBe('sweep cancelled')
})

test.concurrent('cancelled while it is paused', async () => {
  const { run, held, outcomes } = await holdAt('plan')
  await run.handle.signal(pause)
  await run.begun('mark paused')
  held.open()
  await run.idleBut(0)
  await run.handle.cancel()
  await expect(run.handle.result()).rejects.toMatchObject({ cause: expect.any(CancelledFailure) })
  expect(run.calls).toEqual([...upTo('plan'), 'mark paused', 'sweep cancelled'])
  expect(outcomes).toEqual([cancelled])
})

test.concurrent('cancelled in the sweep: it was published, so it is completed', async () => {
  const held = gate()
  const run = await start({ ...answers, sweepIngest: () => held.passed })
  await run.begun('sweep completed')
  await run.handle.cancel()
  await run.idleBut(1)
  held.open()
  expect(await run.handle.result()).toMatchObject({ rowsLoaded: 1 })
  expect(run.calls).toEqual(whole)
})
