/** The workflow of an ingest with several targets by itself: its order, its pauses, its ends. */
import { ApplicationFailure } from '@temporalio/common'
import { expect, test } from 'vitest'
import { pauseUpdate, resumeUpdate } from '../../workflows/signals.ts'
import { buildFakes, type Fakes, gate, sized } from './fakes.ts'

const start = await buildFakes()

/** Two targets. */
const listed =
  (together: boolean): NonNullable<Fakes['listTargets']> =>
  ({ ingestId }) => ({
    together,
    targets: [1, 2].map((no) => ({ ingestId: `${ingestId}.target-${no}`, table: `public.t${no}` })),
  })

const counts = { files: 2, units: 2, rowsRead: 2, rowsLoaded: 2, rowsRejected: 0 }
const together: Fakes = { ...sized({}), listTargets: listed(true), publishTargets: () => counts }
const apart: Fakes = { ...sized({}), listTargets: listed(false) }

const run = (fakes: Fakes) => start(fakes, { parallelism: 4 }, 'ingestTargets')

const verbs = ['list', 'stage 0', 'plan', 'load 0']
const of = (calls: string[], part: number) =>
  calls.filter((call) => call.startsWith(`${part}: `)).map((call) => call.slice(3))

test.concurrent('together: each goes as far as its last unit, and then all are published', async () => {
  const { handle, calls } = await run(together)
  expect(await handle.result()).toEqual(counts)
  expect([of(calls, 1), of(calls, 2)]).toEqual([verbs, verbs])
  expect(calls[0]).toBe('list targets')
  expect(calls.slice(-2)).toEqual(['publish targets', 'sweep completed'])
})

test.concurrent('apart: each is published by itself', async () => {
  const { handle, calls } = await run(apart)
  expect(await handle.result()).toEqual(counts)
  const all = [...verbs, 'publish', 'sweep completed']
  expect([of(calls, 1), of(calls, 2)]).toEqual([all, all])
  expect(calls.at(-1)).toBe('sweep completed')
})

/** Holds up the load of the second target, and what may be wrong with the first. */
function held(fakes: Fakes, problem?: Error) {
  const { open, passed } = gate()
  const sweeps: string[] = []
  const all: Fakes = {
    ...fakes,
    planIngest: ({ ingestId }) => {
      if (problem && ingestId.endsWith('.target-1')) throw problem
      return { units: 1, records: 1 }
    },
    loadUnit: async ({ ingestId }) => {
      if (ingestId.endsWith('.target-2')) await passed
      return { rowsLoaded: 1, rowsRejected: 0 }
    },
    sweepIngest: ({ ingestId, outcome: { state, error } }) => {
      const [, part = 'all'] = ingestId.split('.target-')
      sweeps.push([part, state, error?.message].filter(Boolean).join(' '))
    },
  }
  return { open, sweeps, all }
}

const wrong = ApplicationFailure.create({ type: 'not_csv', message: 'No.', nonRetryable: true })

test.concurrent('together: one that fails ends the others, and nothing is published', async () => {
  const { sweeps, all } = held(together, wrong)
  const { handle, calls } = await run(all)
  await expect(handle.result()).rejects.toThrow()
  expect(calls).not.toContain('publish targets')
  expect(sweeps).toEqual(['1 failed No.', '2 cancelled', 'all failed public.t1: No.'])
})

test.concurrent('apart: one that fails leaves the others alone', async () => {
  const { open, sweeps, all } = held(apart, wrong)
  const { handle, begun } = await run(all)
  await begun('1: sweep failed')
  await begun('2: load 0')
  open()
  await expect(handle.result()).rejects.toThrow()
  expect(sweeps).toEqual(['1 failed No.', '2 completed', 'all failed public.t1: No.'])
})

test.concurrent('a cancel ends all of them', async () => {
  const { sweeps, all } = held(together)
  const { handle, begun } = await run(all)
  await begun('2: load 0')
  await handle.cancel()
  await expect(handle.result()).rejects.toThrow()
  expect(sweeps).toContain('2 cancelled')
  expect(sweeps.at(-1)).toBe('all cancelled')
})

test.concurrent('a pause is for all that are under way, and holds up the publish', async () => {
  const { open, all } = held(together)
  const { handle, calls, begun } = await run(all)
  await begun('2: load 0')
  await handle.executeUpdate(pauseUpdate, { args: [1] })
  await begun('2: mark paused')
  open()
  await handle.executeUpdate(resumeUpdate, { args: [2] })
  expect(await handle.result()).toEqual(counts)
  expect(calls.indexOf('2: mark resumed')).toBeLessThan(calls.indexOf('publish targets'))
})

test.concurrent('those whose rows PostgreSQL has lost are loaded again', async () => {
  let tries = 0
  const publishTargets: Fakes['publishTargets'] = ({ ingestId }) =>
    ++tries === 1 ? { emptied: [`${ingestId}.target-2`] } : counts
  const { handle, calls } = await run({ ...together, publishTargets })
  expect(await handle.result()).toEqual(counts)
  expect([of(calls, 1), of(calls, 2)]).toEqual([verbs, [...verbs, ...verbs]])
})
