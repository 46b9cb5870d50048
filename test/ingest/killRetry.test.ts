/** A worker killed in the middle of a retry: every reject is loaded once, and counted once. */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { retryIdOf } from '../../src/domain/retry.ts'
import { readIngest } from '../../src/postgres/ledger/ingests.ts'
import { eachReject } from '../../src/postgres/ledger/rejects.ts'
import { csvOf } from '../../src/rejects/export.ts'
import { startRetry } from '../../src/temporal/retries.ts'
import { anyRejects, build, noticedSoon } from '../harness.ts'
import { counted, killThere, noSession, obstacle } from './obstacle.ts'

const rows = 6000
const bad = 4500

const places = {
  'in the middle of its COPY': obstacle('target', 'insert', `new.n = ${bad - 10}`),
  'while it marks the rejects': obstacle('sluice.rejects', 'update', 'new.line = 50'),
  'right before its commit': obstacle('sluice.retries', 'insert'),
}

test.concurrent.for(Object.keys(places))(
  'a retry %s',
  { timeout: 240_000 },
  async (place, { onTestFinished }) => {
    const harness = await build({ ...anyRejects, onEnd: onTestFinished })
    await harness.db.query('create table target (n int, t text)')
    const lines = Array.from({ length: rows }, (_, n) => `${n < bad ? 'x' : ''}${n},t`)
    const path = await harness.file('rows.csv', `n,t\n${lines.join('\n')}\n`)
    const victim = await harness.startWorker()
    const source = { kind: 'directory' as const, path }
    const { ingestId, ...view } = await harness.ingest({ source, target: { table: 'target' } })
    expect(view).toMatchObject({ state: 'completed', rowsLoaded: rows - bad, rowsRejected: bad })
    let csv = ''
    for await (const piece of csvOf(eachReject(harness.db, ingestId))) csv += piece
    // One of them is still wrong.
    const corrected = csv.replaceAll(/"x(\d+),t"/g, (all, n) => (n === '7' ? all : `"${n},t"`))
    const sha256 = createHash('sha256').update(corrected).digest('hex')
    const bytes = async function* () {
      yield Buffer.from(corrected)
    }
    await harness.stage.uploads.put('fixed.csv', bytes())
    await harness.db.query(places[place as keyof typeof places])
    const upload = { name: 'fixed.csv', sha256 }
    const order = { ingestId, retryId: retryIdOf(0, upload), upload, ...noticedSoon }
    const start = async () =>
      startRetry(harness.client, order, await readIngest(harness.db, ingestId))
    await killThere(harness, victim, start)
    const retried = await harness.client.workflow.getHandle(`${ingestId}.${order.retryId}`).result()
    expect(retried).toEqual({ rowsTried: bad, rowsLoaded: bad - 1, rowsRejected: 1, rowsOpen: 1 })
    await noSession(harness)
    const { rows: found } = await harness.db.query(counted('target'), [ingestId])
    expect(found[0]).toEqual({
      rows: rows - 1,
      ids: rows - 1,
      loaded: rows - 1,
      rejected: 1,
      receipts: [rows, rows - 1, 1],
      open: 1,
      retries: 1,
    })
    const { rows: by } = await harness.db.query('select attempt, worker from sluice.retries')
    expect(by[0].attempt).toBeGreaterThan(1)
  },
)
