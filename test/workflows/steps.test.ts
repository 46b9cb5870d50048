/** How the workflow brings files through steps: which share an activity, and which have their own. */
import { expect, test } from 'vitest'
import type { Alone, FilesDone, StepPlan } from '../../src/domain/step.ts'
import { until } from '../harness.ts'
import { buildFakes, type Fakes, sized } from './fakes.ts'

const start = await buildFakes()

const step = (name: string, queue: string | null = null): StepPlan => ({
  step: name,
  queue,
  timeoutMs: 60_000,
  softMs: 50_000,
  retry: { initialMs: 50, backoff: 2, maximumMs: 60_000 },
})

const shared = { stepFilesMax: 100, target: null }

interface Given {
  files: number
  steps?: StepPlan[]
  /** What each file takes. */
  fileMs?: number
  /** How many files an activity gets done. */
  done?: number
  alone?: Alone[]
}

/** Activities for several files, with made-up times. */
const filesOf = ({ files, steps = [step('unpack')], fileMs = 1, ...given }: Given): Fakes => ({
  ...sized({ files }),
  listSource: () => ({ files, lots: 1, steps }),
  runStepOnFiles: ({ fileNo, files: wanted }): FilesDone => {
    const done = Math.min(given.done ?? wanted, wanted)
    const next = fileNo + done
    const alone = given.alone?.filter((each) => each.fileNo >= fileNo && each.fileNo < next)
    return { next, tookMs: fileMs * done, ...(alone?.length && { alone }) }
  },
})

const stepCalls = (calls: string[]) => calls.filter((call) => /^(unpack|check)/.test(call))

test.concurrent('quick steps: the first activities find out, the others are full', async () => {
  const run = await start(filesOf({ files: 300 }), { ...shared, parallelism: 4 })
  await run.handle.result()
  const calls = stepCalls(run.calls)
  expect(calls.slice(0, 4)).toEqual([
    'unpack 0+38',
    'unpack 38+33',
    'unpack 71+29',
    'unpack 100+25',
  ])
  expect(calls.slice(4)).toEqual(['unpack 125+100', 'unpack 225+75'])
  const { events } = await run.handle.fetchHistory()
  expect(events?.length).toBeLessThanOrEqual(60)
})

test.concurrent('slow steps leave something for every lane', async () => {
  const given = filesOf({ files: 12, fileMs: 60_000, done: 1 })
  const run = await start(given, { ...shared, parallelism: 2 })
  await run.handle.result()
  const calls = stepCalls(run.calls)
  expect(calls.slice(0, 2)).toEqual(['unpack 0+3', 'unpack 3+3'])
  const after = calls.filter((call) => /^unpack ([6-9]|1\d)\b/.test(call))
  expect(after.sort()).toEqual([
    'unpack 10',
    'unpack 11',
    'unpack 6+2',
    'unpack 7+1',
    'unpack 8',
    'unpack 9',
  ])
})

test.concurrent('a file that went wrong has activities of its own; the others go on', async () => {
  const alone = [{ fileNo: 2, before: 1, threw: true }]
  const inputs: unknown[] = []
  const given: Fakes = {
    ...filesOf({ files: 10, steps: [step('unpack'), step('check')], alone }),
    runStep: (input) => void inputs.push(input),
  }
  const run = await start(given, { ...shared, parallelism: 1 })
  await run.handle.result()
  expect(stepCalls(run.calls)).toEqual([
    'unpack 0+5',
    'unpack 2',
    'check 0+5',
    'check 2',
    'unpack 5+5',
    'check 5+5',
  ])
  expect(inputs[0]).toMatchObject({ fileNo: 2, stepNo: 0, before: 1, softMs: 50_000 })
  expect(inputs[0]).not.toHaveProperty('files')
})

test.concurrent('a step on another queue has an activity for each file', async () => {
  const steps = [step('unpack'), step('check', 'elsewhere')]
  const run = await start(filesOf({ files: 4, steps }), { ...shared, parallelism: 1 })
  await run.begun('unpack 0+2')
  const scheduled = async () => {
    const { raw } = await run.handle.describe()
    return (raw.pendingActivities ?? []).map(({ activityType }) => activityType?.name)
  }
  await until(async () => (await scheduled()).includes('runStep'), { what: 'the other step' })
  await run.handle.terminate()
})

test.concurrent('an ingest of an earlier version has an activity for each file', async () => {
  const run = await start(filesOf({ files: 6 }), { target: null, parallelism: 1 })
  await run.handle.result()
  expect(stepCalls(run.calls)).toEqual([0, 1, 2, 3, 4, 5].map((no) => `unpack ${no}`))
})

test.concurrent('a run that continues goes on behind the files that are done', async () => {
  const given = { ...shared, parallelism: 1, historyEventsMax: 20 }
  const run = await start(filesOf({ files: 40, fileMs: 100 }), given)
  await run.handle.result()
  await run.ran(2)
  const files = stepCalls(run.calls).flatMap((call) => {
    const [, from = 0, count = 1] = (/ (\d+)\+?(\d+)?$/.exec(call) ?? []).map(Number)
    return Array.from({ length: Number.isNaN(count) ? 1 : count }, (_, no) => from + no)
  })
  expect(files).toEqual(Array.from({ length: 40 }, (_, no) => no))
})
