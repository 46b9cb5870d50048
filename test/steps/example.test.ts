/** The example app: it does what its README says, and survives a kill in the middle of it. */
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { build, noticedSoon, until } from '../harness.ts'

const examples = fileURLToPath(new URL('../../examples/', import.meta.url))
/** Of examples/trips.csv; some of them have several lines. */
const tripRecords = 4000
/** 36 MB: enough to be in the middle of it for a while. */
const copies = 100
const args = ['--app', join(examples, 'steps/app.ts')]

test('unpacked, loaded once, checksums in the ledger; also when its worker is killed', {
  timeout: 120_000,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const trips = await readFile(join(examples, 'trips.csv'))
  const header = trips.subarray(0, trips.indexOf('\n') + 1)
  const body = trips.subarray(header.length)
  const large = Buffer.concat([header, ...Array.from({ length: copies }, () => body)])
  await writeFile(join(harness.folder, 'a.csv.gz'), gzipSync(large, { level: 1 }))
  await writeFile(join(harness.folder, 'b.csv'), trips)
  // The step `checksum` has a queue of its own.
  const queue = `${harness.queue},video_tasks`
  const victim = await harness.startWorker({ queue, args })
  const ingestId = await harness.start(
    {
      source: { kind: 'directory', path: `${harness.folder}/*.csv*` },
      steps: ['unpack', 'checksum'],
      target: { table: 'trips', types: 'text' },
    },
    noticedSoon,
  )
  const isAtWork = () => /runStep\[[^\]]*\] started/.test(victim.output())
  await until(isAtWork, { what: 'a step', worker: victim })
  victim.kill('SIGKILL')
  await harness.startWorker({ queue, args })

  const view = await harness.ended(ingestId)
  const rows = (copies + 1) * tripRecords
  expect(view).toMatchObject({ state: 'completed', error: null, stepsFinished: 4, rowsRead: rows })
  const { rows: found } = await harness.db.query('select count(*) as loaded from trips')
  expect(found[0].loaded + view.rowsRejected).toBe(rows)
  const md5 = (content: Buffer) => createHash('md5').update(content).digest('hex')
  const { rows: steps } = await harness.db.query(
    'select step, result from sluice.steps where ingest_id = $1 order by file_no, step_no',
    [ingestId],
  )
  expect(steps).toEqual([
    { step: 'unpack', result: null },
    { step: 'checksum', result: { md5: md5(large), bytes: large.length } },
    { step: 'unpack', result: null },
    { step: 'checksum', result: { md5: md5(trips), bytes: trips.length } },
  ])
})
