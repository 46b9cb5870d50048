/** The workflow of an ingest that loads units while it stages lots: order, window, and what is done again. */
import { ApplicationFailure } from '@temporalio/common'
import { expect, test } from 'vitest'
import { pause, resume } from '../../workflows/signals.ts'
import { buildFakes, type Fakes, gate, sized } from './fakes.ts'

const start = await buildFakes()

/** Every lot has a unit. */
const streaming = (lots: number): Fakes => ({
  ...sized({ lots, units: lots }),
  listSource: () => ({ files: lots, lots, streams: true }),
  stageLot: ({ lotNo }) => ({ units: lotNo + 1, records: lotNo + 1 }),
})

test.concurrent('one at a time: what is staged is loaded at once', async () => {
  const run = await start(streaming(3), { parallelism: 1 })
  expect(await run.handle.result()).toMatchObject({ units: 3, rowsLoaded: 3 })
  expect(run.calls).toEqual([
    ...['list', 'stage 0', 'load 0', 'stage 1', 'load 1', 'stage 2', 'plan', 'load 2'],
    ...['publish', 'sweep completed'],
  ])
})

test.concurrent('a large file in parts: its lot is staged again until there is none left', async () => {
  let units = 0
  const fakes: Fakes = {
    ...sized({ lots: 2, units: 4 }),
    listSource: () => ({ files: 2, lots: 2, streams: true }),
    stageLot: ({ lotNo }) => {
      const isPart = lotNo === 0 && units < 2
      return { units: ++units, records: units, ...(isPart && { isPart }) }
    },
    planIngest: () => ({ units: 4, records: 4 }),
  }
  const run = await start(fakes, { parallelism: 1 })
  expect(await run.handle.result()).toMatchObject({ units: 4, rowsLoaded: 4 })
  expect(run.calls).toEqual([
    ...['list', 'stage 0', 'load 0', 'stage 0', 'load 1', 'stage 0', 'load 2', 'stage 1', 'plan'],
    ...['load 3', 'publish', 'sweep completed'],
  ])
})

test.concurrent('parts that are left are staged by the run that continues it', async () => {
  let parts = 0
  const fakes: Fakes = {
    ...sized({ lots: 1, units: 12 }),
    listSource: () => ({ files: 1, lots: 1, streams: true }),
    stageLot: () => ({ units: ++parts, records: parts, ...(parts < 12 && { isPart: true }) }),
    planIngest: () => ({ units: 12, records: 12 }),
  }
  const run = await start(fakes, { parallelism: 2, historyEventsMax: 30 })
  expect(await run.handle.result()).toMatchObject({ units: 12, rowsLoaded: 12 })
  expect(run.calls.filter((call) => call === 'stage 0')).toHaveLength(12)
  expect(new Set(run.calls.filter((call) => call.startsWith('load'))).size).toBe(12)
})

test.concurrent('half of the window is for lots as long as there are units', async () => {
  const held = [gate(), gate(), gate(), gate()]
  const fakes: Fakes = {
    ...streaming(8),
    stageLot: async ({ lotNo }) => {
      await held[lotNo]?.passed
      return { units: lotNo === 0 ? 8 : 0, records: 8 }
    },
  }
  const run = await start(fakes, { parallelism: 4 })
  for (const lot of [0, 1, 2, 3]) await run.begun(`stage ${lot}`)
  held[0]?.open()
  // Three lots are under way: the lane of the first one loads all units.
  await run.begun('load 7')
  expect(run.calls).not.toContain('stage 4')
  for (const each of held) each.open()
  expect(await run.handle.result()).toMatchObject({ rowsLoaded: 8 })
  expect(run.calls.filter((call) => call.startsWith('load'))).toHaveLength(8)
})

test.concurrent('a landing table that does not suit is seen to when no load is under way', async () => {
  const [begun, loading, staging] = [gate(), gate(), gate()]
  const fakes: Fakes = {
    ...streaming(4),
    stageLot: async ({ lotNo }) => {
      if (lotNo === 1) await begun.passed
      if (lotNo === 2) await staging.passed
      return { units: lotNo + 1, records: lotNo + 1, ...(lotNo === 1 && { held: true }) }
    },
    loadUnit: async () => {
      begun.open()
      await loading.passed
      return { rowsRead: 1, rowsLoaded: 1, rowsRejected: 0, sizeBytes: 4, lane: 'fast' }
    },
    planIngest: ({ part }) => ({ units: part ? 2 : 4, records: 4, remade: 1 }),
  }
  const run = await start(fakes, { parallelism: 2 })
  await run.begun('stage 2')
  expect(run.calls.slice(-2)).toEqual(['load 0', 'stage 2'])
  loading.open()
  await run.begun('plan part')
  staging.open()
  expect(await run.handle.result()).toMatchObject({ rowsLoaded: 4 })
  const loads = run.calls.filter((call) => call.startsWith('load'))
  // The first unit was loaded before the table was made anew.
  expect(loads.sort()).toEqual(['load 0', 'load 0', 'load 1', 'load 2', 'load 3'])
})

test.concurrent('where a landing table was made anew at the end, every unit is loaded again', async () => {
  const fakes = {
    ...streaming(2),
    stageLot: ({ lotNo }: { lotNo: number }) => ({ units: lotNo + 1, records: 1 }),
    planIngest: () => ({ units: 2, records: 2, remade: 1 }),
  }
  const run = await start(fakes, { parallelism: 1 })
  expect(await run.handle.result()).toMatchObject({ rowsLoaded: 2 })
  expect(run.calls).toEqual([
    ...['list', 'stage 0', 'load 0', 'stage 1', 'plan', 'load 0', 'load 1'],
    ...['publish', 'sweep completed'],
  ])
})

test.concurrent('a landing table that cannot be seen to holds units until all is staged', async () => {
  const fakes = {
    ...streaming(3),
    stageLot: ({ lotNo }: { lotNo: number }) => ({ units: lotNo + 1, records: 1, held: lotNo > 0 }),
    planIngest: ({ part }: { part?: boolean }) =>
      part ? { units: 2, records: 1, held: true } : { units: 3, records: 3, remade: 1 },
  }
  const run = await start(fakes, { parallelism: 1 })
  await run.handle.result()
  expect(run.calls).toEqual([
    ...['list', 'stage 0', 'load 0', 'stage 1', 'plan part', 'stage 2', 'plan'],
    ...['load 0', 'load 1', 'load 2', 'publish', 'sweep completed'],
  ])
})

test.concurrent('it goes on as a new run where it stopped', async () => {
  const run = await start(streaming(6), { parallelism: 2, historyEventsMax: 30 })
  await run.handle.result()
  expect(run.calls.filter((call) => call.startsWith('list'))).toHaveLength(1)
  for (const verb of ['stage', 'load']) {
    const calls = run.calls.filter((call) => call.startsWith(verb))
    expect(calls.sort()).toEqual([0, 1, 2, 3, 4, 5].map((n) => `${verb} ${n}`))
  }
  await run.ran(2)
})

test.concurrent('a lot that fails ends the loads under way, and the ingest is swept', async () => {
  const fakes: Fakes = {
    ...streaming(2),
    stageLot: ({ lotNo }) => {
      if (lotNo === 0) return { units: 1, records: 1 }
      throw ApplicationFailure.create({ type: 'file_vanished', message: 'x', nonRetryable: true })
    },
    loadUnit: () => gate().passed,
  }
  const run = await start(fakes, { parallelism: 2 })
  await expect(run.handle.result()).rejects.toThrow()
  expect(run.calls.at(-1)).toBe('sweep failed')
})

test.concurrent('too many rejects: no unit is started any more, and publish tells of it', async () => {
  const rejected = { rowsRead: 1, rowsLoaded: 0, rowsRejected: 1, sizeBytes: 4, lane: 'fast' }
  const run = await start(
    { ...streaming(4), loadUnit: () => rejected },
    {
      ...{ parallelism: 1, rejectsMax: 1 },
    },
  )
  await run.handle.result()
  expect(run.calls.filter((call) => call.startsWith('load'))).toEqual(['load 0', 'load 1'])
  expect(run.calls.slice(-2)).toEqual(['publish', 'sweep completed'])
})

test.concurrent('paused: neither lots nor units are started, and it goes on where it was', async () => {
  const held = gate()
  const fakes: Fakes = {
    ...streaming(4),
    stageLot: async ({ lotNo }) => {
      if (lotNo === 1) await held.passed
      return { units: lotNo + 1, records: lotNo + 1 }
    },
  }
  const run = await start(fakes, { parallelism: 2 })
  await run.begun('load 0')
  await run.handle.signal(pause)
  await run.begun('mark paused')
  held.open()
  await run.idleBut(0)
  const begun = run.calls.length
  expect(run.calls).not.toContain('plan')
  await run.handle.signal(resume)
  expect(await run.handle.result()).toMatchObject({ rowsLoaded: 4 })
  const after = run.calls.slice(begun)
  expect(after[0]).toBe('mark resumed')
  for (const verb of ['stage', 'load']) {
    const calls = run.calls.filter((call) => call.startsWith(verb))
    expect(calls.sort()).toEqual([0, 1, 2, 3].map((n) => `${verb} ${n}`))
  }
})

test.concurrent('behind a unit that was split any unit may be a part of it', async () => {
  const receipt = { rowsRead: 1, rowsLoaded: 1, rowsRejected: 0, sizeBytes: 4, lane: 'fast' }
  const fakes: Fakes = {
    ...streaming(3),
    loadUnit: ({ unitNo }) => (unitNo === 0 ? { ...receipt, unitsAdded: 1 } : receipt),
  }
  const run = await start(fakes, { parallelism: 1 })
  await run.handle.result()
  expect(run.calls).toEqual([
    ...['list', 'stage 0', 'load 0', 'load 1 suspect', 'stage 1', 'load 2 suspect', 'stage 2'],
    ...['plan', 'load 3 suspect', 'publish', 'sweep completed'],
  ])
})
