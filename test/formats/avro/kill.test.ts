/** Exactly once, when a worker is killed while its Avro file is decoded, and while it is loaded. */
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { expect, test } from 'vitest'
import { build, eachVerb, noticedSoon, until } from '../../harness.ts'
import { atStage, isLoading } from '../moments.ts'
import { block, headOf, long, recordOf, string } from './encoded.ts'

const harness = await build()
const rows = 300_000
const perBlock = 1000

async function write(path: string): Promise<void> {
  const blocks = function* () {
    yield headOf(recordOf({ id: 'long', text: 'string', number: 'string' }), 'null')
    for (let from = 0; from < rows; from += perBlock) {
      const some = Array.from({ length: perBlock }, (_, at) => {
        const id = from + at
        const number = id % 100_000 === 7 ? 'x' : String(id)
        return Buffer.concat([long(id), string('x'.repeat(100)), string(number)])
      })
      yield block(perBlock, Buffer.concat(some))
    }
  }
  await pipeline(blocks, createWriteStream(path))
}

for (const [when, isThere] of Object.entries({ decodes: atStage, loads: isLoading })) {
  test(`killed while it ${when}: another worker goes on, and each row is there once`, async () => {
    const path = join(harness.folder, `${when}.avro`)
    await write(path)
    const table = `killed_${when}`
    await harness.db.query(`create table ${table} (id bigint, text text, number bigint)`)
    const worker = await harness.startWorker()
    const spec = { source: { kind: 'directory' as const, path }, target: { table } }
    const ingestId = await harness.start(spec, { ...eachVerb, ...noticedSoon })
    await until(() => isThere(harness, ingestId), { what: when })
    worker.kill('SIGKILL')
    await worker.exited
    await harness.startWorker()
    const view = await harness.ended(ingestId, 120_000)
    const counts = { rowsRead: rows, rowsLoaded: rows - 3, rowsRejected: 3 }
    expect(view).toMatchObject({ state: 'completed', ...counts })
    const { rows: found } = await harness.db.query(
      `select count(*)::int as rows, count(distinct id)::int as ids,
              (select sum(rows_loaded)::int from sluice.units where ingest_id = $1) as receipts,
              (select array_agg(line::int order by line) from sluice.rejects where ingest_id = $1) as lines
       from ${table}`,
      [ingestId],
    )
    expect(found).toEqual([
      { rows: rows - 3, ids: rows - 3, receipts: rows - 3, lines: [8, 100_008, 200_008] },
    ])
    await harness.cleared(ingestId)
    await harness.killWorkers()
  })
}
