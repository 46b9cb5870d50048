/** What a small ingest costs, in things that can be counted: events, and questions to PostgreSQL. */
import { randomUUID } from 'node:crypto'
import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, test } from 'vitest'
import { createActivities } from '../../activities/index.ts'
import { openDb } from '../../src/postgres/db.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { fullSpec } from '../../src/spec/spec.ts'
import { build } from '../harness.ts'
import { testDeps } from '../ingest/deps.ts'
import { openWire } from './wire.ts'

const harness = await build()
const lines = Array.from({ length: 10 }, (_, id) => `${id},row ${id},2026-11-${10 + id}`)
const path = await harness.file('ten.csv', `id,name,day\n${lines.join('\n')}\n`)
const source = { kind: 'directory', path } as const

async function roundTripsInto(table: string): Promise<number> {
  const wire = await openWire(harness.databaseUrl)
  const db = openDb(wire.url, { max: 2, name: 'guard' })
  try {
    const ingestId = randomUUID()
    const spec = fullSpec({ source, target: { table } })
    await enterIngest(harness.db, { ingestId, spec, target: `public.${table}` })
    // A connection is opened with a question of its own.
    await db.query('select')
    const before = wire.sent.roundTrips
    const { beginIngest } = createActivities({ ...testDeps(harness), db })
    const begun = await new MockActivityEnvironment().run(beginIngest, {
      ingestId,
      smallBytesMax: 1000,
    })
    expect(begun).toMatchObject({ counts: { files: 1, units: 1, rowsLoaded: 10 } })
    return wire.sent.roundTrips - before
  } finally {
    await db.end()
    await wire.close()
  }
}

test('ten rows into a new table take few round trips', async () => {
  // 19 now, the COPY with its end among them.
  expect(await roundTripsInto('anew')).toBeLessThanOrEqual(19)
})

test('ten rows into a table that is there take few round trips', async () => {
  await harness.db.query('create table there (id bigint primary key, name text, day date)')
  // 34 now: what the table is, what its constraints are, and whether both are still so.
  expect(await roundTripsInto('there')).toBeLessThanOrEqual(34)
})

test('their history has few events', async () => {
  await harness.startWorker()
  const { ingestId } = await harness.ingest({ source, target: { table: 'history' } })
  const handle = harness.client.workflow.getHandle(ingestId)
  await handle.result()
  const { events } = await handle.fetchHistory()
  expect(events?.length).toBeLessThanOrEqual(11)
})
