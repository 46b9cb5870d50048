/** Exactly once, when a worker is killed while it stages a file of fixed width, and while it loads. */
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { expect, test } from 'vitest'
import { build, eachVerb, noticedSoon, until } from '../../harness.ts'
import { atStage, isLoading } from '../moments.ts'

const harness = await build()
const rows = 200_000

async function write(path: string): Promise<void> {
  const lines = function* () {
    for (let from = 0; from < rows; from += 1000) {
      const some = Array.from({ length: 1000 }, (_, at) => {
        const id = from + at
        const number = id % 50_000 === 7 ? 'x' : String(id)
        return `${String(id).padEnd(10)}${`é${id}`.padEnd(80)}${number.padStart(10)}\n`
      })
      yield some.join('')
    }
  }
  await pipeline(lines, createWriteStream(path))
}

for (const [when, isThere] of Object.entries({ stages: atStage, loads: isLoading })) {
  test(`killed while it ${when}: another worker goes on, and each row is there once`, async () => {
    const path = join(harness.folder, `${when}.txt`)
    await write(path)
    const table = `killed_${when}`
    await harness.db.query(`create table ${table} (id bigint, text text, number bigint)`)
    const worker = await harness.startWorker()
    const ingestId = await harness.start(
      {
        source: { kind: 'directory', path },
        format: { widths: ['id:10', 'text:80', 'number:10'] },
        target: { table },
      },
      { ...eachVerb, ...noticedSoon },
    )
    await until(() => isThere(harness, ingestId), { what: when })
    worker.kill('SIGKILL')
    await worker.exited
    await harness.startWorker()
    const view = await harness.ended(ingestId, 120_000)
    const counts = { rowsRead: rows, rowsLoaded: rows - 4, rowsRejected: 4 }
    expect(view).toMatchObject({ state: 'completed', ...counts })
    const { rows: found } = await harness.db.query(
      `select count(*)::int as rows, count(distinct id)::int as ids,
              (select array_agg(line::int order by line) from sluice.rejects where ingest_id = $1) as lines
       from ${table}`,
      [ingestId],
    )
    const lines = [8, 50_008, 100_008, 150_008]
    expect(found).toEqual([{ rows: rows - 4, ids: rows - 4, lines }])
    await harness.cleared(ingestId)
    await harness.killWorkers()
  })
}
