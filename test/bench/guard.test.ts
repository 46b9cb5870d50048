/**
 * What a load costs, in things that can be counted: events, bytes, round trips. Never a time: a
 * busy machine changes none of these, so a bound that breaks was broken by a change.
 *
 * 40 MB are cut into units of 4 MiB. Larger ingests have larger units, and cost less for each GB.
 */
import { randomUUID } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MockActivityEnvironment } from '@temporalio/testing'
import { beforeAll, expect, test } from 'vitest'
import { createActivities } from '../../activities/index.ts'
import type { Listed } from '../../activities/list.ts'
import type { Planned } from '../../activities/plan.ts'
import { openDb } from '../../src/postgres/db.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { fullSpec } from '../../src/spec/spec.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { build } from '../harness.ts'
import { testDeps } from '../ingest/deps.ts'
import { writeRows } from '../rows.ts'
import { openWire } from './wire.ts'

const harness = await build()
const rows = 850_000
const path = join(harness.folder, 'rows.csv')
let fileBytes = 0

beforeAll(async () => {
  await writeRows(path, rows)
  fileBytes = (await stat(path)).size
  expect(fileBytes / 1e6).toBeCloseTo(40, -1)
})

const perGb = (count: number): number => count / (fileBytes / 1e9)

test('the history of an ingest is short for each GB, and holds ids, counts and short names only', async () => {
  await harness.startWorker()
  // One unit after the other: each has workflow tasks of its own, which is the most there can be.
  const source = { kind: 'directory', path } as const
  const view = await harness.ingest({ source, target: { table: 'history' }, parallelism: 1 })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: rows })
  const handle = harness.client.workflow.getHandle(view.ingestId)
  await handle.result()
  const { events } = await handle.fetchHistory()
  const payloadBytes = sumPayloads(events)
  // 101 events now, of 11 units: six for each and 35 besides. The room is for a workflow task that
  // the server hands out again, which writes three more.
  expect(perGb(events?.length ?? 0)).toBeLessThanOrEqual(2600)
  // 3,670 bytes now, 84 kB for each GB: ids, counts, and what the timeline calls each unit.
  expect(perGb(payloadBytes)).toBeGreaterThan(0)
  expect(perGb(payloadBytes)).toBeLessThanOrEqual(96_000)
})

test.each([
  ['linked into the stage', true],
  ['copied into the stage', false],
])(
  'of a file that is %s few bytes are moved for each byte, in few round trips for each unit',
  async (_, pinned) => {
    const ingestId = randomUUID()
    const table = pinned ? 'linked' : 'copied'
    const spec = fullSpec({ source: { kind: 'directory', path }, target: { table } })
    await enterIngest(harness.db, { ingestId, spec, target: `public.${table}` })
    const wire = await openWire(harness.databaseUrl)
    const db = openDb(wire.url, { max: 2, name: 'guard' })
    const disk = await countDisk(path)
    try {
      const pin: Stage['pin'] = async (...args) => pinned && harness.stage.pin(...args)
      const deps = { ...testDeps(harness, { ...harness.stage, pin }), db }
      const activities = createActivities(deps)
      const env = new MockActivityEnvironment()
      const { lots } = (await env.run(activities.listSource, { ingestId })) as Listed
      for (let lotNo = 0; lotNo < lots; lotNo++) {
        await env.run(activities.stageLot, { ingestId, lotNo })
      }
      const { units } = (await env.run(activities.planIngest, { ingestId })) as Planned
      const before = wire.sent.roundTrips
      for (let unitNo = 0; unitNo < units; unitNo++) {
        await env.run(activities.loadUnit, { ingestId, unitNo })
      }
      const ofUnits = wire.sent.roundTrips - before
      const counts = await env.run(activities.publishIngest, { ingestId, records: rows })
      expect(counts).toMatchObject({ units, rowsLoaded: rows })
      // 9 now: begin with its settings, budget, lock, files, savepoint, COPY and its end, receipt,
      // commit. One more for each would make 10; the half is for a lock that a stalled machine asks
      // twice for.
      expect(ofUnits / units).toBeLessThanOrEqual(9.5)
      // 45 now: to list, to stage, to plan and to publish.
      expect(wire.sent.roundTrips - ofUnits).toBeLessThanOrEqual(47)
      // 2.06 now: all of it to stage and to load; its first MiB to list, and a sample of its values.
      expect(disk.read / fileBytes).toBeGreaterThanOrEqual(2)
      expect(disk.read / fileBytes).toBeLessThanOrEqual(2.1)
      expect(disk.written / fileBytes).toBeLessThanOrEqual(pinned ? 0 : 1)
      // 1.393 now: in COPY BINARY a short number takes more bytes than its digits.
      expect(wire.sent.bytes / fileBytes).toBeGreaterThanOrEqual(1)
      expect(wire.sent.bytes / fileBytes).toBeLessThanOrEqual(1.4)
      await env.run(activities.sweepIngest, {
        ingestId,
        outcome: { state: 'completed' as const, error: null },
      })
    } finally {
      disk.stop()
      await db.end()
      await wire.close()
    }
  },
)

/** Whatever is read and written by way of an open file, in this process. */
async function countDisk(anyFile: string) {
  const handle = await open(anyFile)
  const prototype = Object.getPrototypeOf(handle) as typeof handle
  await handle.close()
  const { read, write } = prototype
  const counted = {
    read: 0,
    written: 0,
    stop: () => void Object.assign(prototype, { read, write }),
  }
  Object.assign(prototype, {
    async read(this: typeof handle, ...args: Parameters<typeof read>) {
      const result = await read.apply(this, args)
      counted.read += result.bytesRead
      return result
    },
    async write(this: typeof handle, ...args: Parameters<typeof write>) {
      const result = await write.apply(this, args)
      counted.written += result.bytesWritten
      return result
    },
  })
  return counted
}

/** Payloads stand at many places of an event: inputs, results, failures, memo, summary. */
function sumPayloads(value: unknown): number {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return 0
  const { metadata, data } = value as { metadata?: unknown; data?: unknown }
  if (data instanceof Uint8Array && metadata && typeof metadata === 'object') {
    const about = Object.values(metadata as Record<string, Uint8Array>)
    return data.length + about.reduce((sum, { length }) => sum + length, 0)
  }
  return Object.values(value).reduce((sum: number, each) => sum + sumPayloads(each), 0)
}
