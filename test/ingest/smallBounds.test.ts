/** Small files that are not small inside: the one transaction of a small ingest gives up on them. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test, vi } from 'vitest'
import { beginIngest } from '../../activities/begin.ts'
import { smallBytesMax } from '../../src/domain/ingestInput.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { sessionName } from '../../src/postgres/names.ts'
import { fullSpec } from '../../src/spec/spec.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { attemptOf } from '../activities/attempt.ts'
import { build } from '../harness.ts'

const mebi = 1024 * 1024
const harness = await build()
const rows = 3_000_000
const table = `n,word\n${'1,abcdefghijkl\n'.repeat(rows)}`
const path = await harness.file('packed.csv.gz', gzipSync(table, { level: 1 }))
const ten = await harness.file('ten.csv', `n,word\n${'1,a\n'.repeat(10)}`)

async function entered(file: string, name: string): Promise<string> {
  const ingestId = randomUUID()
  const spec = fullSpec({ source: { kind: 'directory', path: file }, target: { table: name } })
  await enterIngest(harness.db, { ingestId, spec, target: `public.${name}` })
  return ingestId
}

/** Whether its one transaction is open. */
async function openOf(ingestId: string): Promise<number> {
  const { rows: found } = await harness.db.query(
    `select count(*) as open from pg_stat_activity
     where datname = current_database() and xact_start is not null
       and application_name = $1`,
    [sessionName(ingestId, 'begin')],
  )
  return found[0].open
}

/** Runs begin over a stage that `put` watches. */
function begin(ingestId: string, put: Stage['put']) {
  const attempt = { ...attemptOf(harness), stage: { ...harness.stage, put } }
  return beginIngest(attempt, { ingestId, smallBytesMax })
}

test('what comes to many times its size leaves the one transaction at a bound', async () => {
  const ingestId = await entered(path, 'packed')
  const puts: { bytes: number; open: number }[] = []
  const begun = await begin(ingestId, async (file, bytes, tap) => {
    let staged = 0
    const open = await openOf(ingestId)
    try {
      return await harness.stage.put(file, bytes, (chunk) => {
        tap(chunk)
        staged += chunk.length
      })
    } finally {
      puts.push({ bytes: staged, open })
    }
  })
  expect(puts).toEqual([
    { bytes: expect.any(Number), open: 1 },
    { bytes: table.length, open: 0 },
  ])
  expect(puts[0]?.bytes).toBeLessThanOrEqual(2 * smallBytesMax)
  expect(puts[0]?.bytes).toBeGreaterThan(2 * smallBytesMax - mebi)
  expect(begun).toMatchObject({ progress: { phase: 'load' } })
  expect(begun.progress?.units).toBeGreaterThan(1)
})

test('its rows come exactly once, by a unit each', { timeout: 120_000 }, async () => {
  await harness.startWorker()
  const source = { kind: 'directory', path } as const
  const view = await harness.ingest({ source, target: { table: 'many' } })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: rows, rowsRejected: 0 })
  expect(view.units).toBeGreaterThan(5)
  const { rows: found } = await harness.db.query('select count(*) as rows from many')
  expect(found[0].rows).toBe(rows)
  await harness.killWorkers()
})

test('a disk that takes too long ends the transaction, and the verbs go on', async () => {
  const wait = globalThis.setTimeout
  const spy = vi
    .spyOn(globalThis, 'setTimeout')
    .mockImplementation(((run: () => void, ms?: number) =>
      wait(run, ms === 20_000 ? 50 : ms)) as never)
  onTestFinished(() => void spy.mockRestore())
  const ingestId = await entered(ten, 'slow')
  let calls = 0
  const begun = await beginIngest(
    {
      ...attemptOf(harness),
      stage: {
        ...harness.stage,
        pin: async (file, link) => {
          if (++calls === 1) {
            await sleep(1500)
            // Its locks are gone before the disk has answered.
            expect(await openOf(ingestId)).toBe(0)
          }
          return harness.stage.pin(file, link)
        },
      },
    },
    { ingestId, smallBytesMax },
  )
  expect(calls).toBe(2)
  expect(begun).toMatchObject({ counts: { rowsLoaded: 10, units: 1 } })
  const { rows: found } = await harness.db.query('select count(*) as rows from slow')
  expect(found[0].rows).toBe(10)
})
