/** The workflow of an ingest whose landing table PostgreSQL has emptied: its units are loaded again. */
import { expect, test } from 'vitest'
import { buildFakes, type Fakes, sized } from './fakes.ts'

const start = await buildFakes()

/** The first publish finds the landing table empty. */
function emptiedOnce(units: number): Fakes {
  let publishes = 0
  const fakes = sized({ units })
  return {
    ...fakes,
    publishIngest: (input) =>
      publishes++ === 0 ? { emptied: true } : fakes.publishIngest?.(input),
  }
}

test.concurrent('a publish that finds the landing table empty has every unit loaded again', async () => {
  const run = await start(emptiedOnce(2), { parallelism: 1 })
  expect(await run.handle.result()).toMatchObject({ units: 2, rowsLoaded: 2 })
  const loads = ['load 0', 'load 1', 'publish']
  expect(run.calls).toEqual(['list', 'stage 0', 'plan', ...loads, ...loads, 'sweep completed'])
})

test.concurrent('parts of a unit that was split are loaded again once, as its receipt names them', async () => {
  const receipt = { rowsRead: 1, rowsLoaded: 1, rowsRejected: 0, sizeBytes: 4, lane: 'fast' }
  const loadUnit: Fakes['loadUnit'] = ({ unitNo }) =>
    unitNo === 0 ? { ...receipt, unitsAdded: 2 } : receipt
  const run = await start({ ...emptiedOnce(2), loadUnit }, { parallelism: 1 })
  await run.handle.result()
  const loads = ['load 0', 'load 1', 'load 2 suspect', 'load 3 suspect', 'publish']
  expect(run.calls).toEqual(['list', 'stage 0', 'plan', ...loads, ...loads, 'sweep completed'])
})
