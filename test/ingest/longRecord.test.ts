/** A single record of 200 MB, however it comes: a reject, and no more memory than for others. */
import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import iconv from 'iconv-lite'
import { beforeAll, expect, test } from 'vitest'
import { build, type WorkerProcess } from '../harness.ts'

const harness = await build()
let worker: WorkerProcess
beforeAll(async () => {
  worker = await harness.startWorker({
    env: { SLUICE_UNPACK_RATIO: '2000', NODE_OPTIONS: '--max-semi-space-size=4' },
  })
  // It looks whether the other one is dead.
  await harness.startWorker({ queue: 'elsewhere' })
})

/** `a,b` and two good records around a long one. */
function* csv(open: string): Generator<string> {
  yield `a,b\n1,x\n2,${open}`
  const mebi = 'long text '.repeat(104_858)
  for (let written = 0; written < 200e6; written += mebi.length) yield mebi
  yield '\n3,z\n'
}

const peakBytes = () =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${worker.pid}/status`, 'utf8'))?.[1]) * 1024

test.runIf(process.platform === 'linux').each([
  ['as it is', '', 'utf-8', null],
  ['in gzip', '', 'utf-8', createGzip({ level: 1 })],
  ['in UTF-16', '', 'utf-16le', null],
  ['in gzip, behind a quote that never closes', '"', 'utf-8', createGzip({ level: 1 })],
])('%s', async (what, open, encoding, pack: Transform | null) => {
  const name = what.replaceAll(/[ ,]+/g, '_').toLowerCase()
  const path = join(harness.folder, name)
  const encoded = function* () {
    for (const text of csv(open)) yield iconv.encode(text, encoding)
  }
  const file = createWriteStream(path)
  const source = Readable.from(encoded())
  await (pack ? pipeline(source, pack, file) : pipeline(source, file))
  if (!file.closed) await once(file, 'close')
  const view = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: name.replaceAll('-', '_') },
  })
  expect(view).toMatchObject({ state: 'completed', error: null, rowsLoaded: 2, rowsRejected: 1 })
  expect(await harness.rejects(view.ingestId)).toMatchObject([{ line: 3 }])
  const { rows: deaths } = await harness.db.query(
    `select (select max(attempt) from sluice.units) as attempts, count(death) as deaths
     from sluice.workers`,
  )
  expect(deaths).toEqual([{ attempts: 1, deaths: 0 }])
  expect(peakBytes()).toBeLessThan(500 * 1024 * 1024)
})
