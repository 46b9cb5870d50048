/** Exactly once, when a worker is killed while its Parquet file is decoded, and while it is loaded. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { build, noticedSoon, until } from '../../harness.ts'
import { isDecoded } from './processes.ts'
import { writeParquet } from './written.ts'

const harness = await build({ start: noticedSoon })
const rows = 400_000

const moments = {
  'while it decodes': async (_: string, path: string) => isDecoded(path),
  'while it loads': async (ingestId: string) => {
    const { rows: found } = await harness.db.query(
      `select from sluice.units where ingest_id = $1 and loaded_at is not null
         and exists (select from sluice.units where ingest_id = $1 and loaded_at is null)`,
      [ingestId],
    )
    return found.length > 0
  },
}

for (const [when, isThere] of Object.entries(moments)) {
  test(`killed ${when}: another worker goes on, and nothing is left behind`, async () => {
    const table = when.replaceAll(' ', '_')
    const path = await writeParquet(
      join(harness.folder, `${table}.parquet`),
      `select i as id, repeat('x', 100) || i as text,
              case when i % 100000 = 7 then 'x' else i::varchar end as number
       from range(${rows}) t(i)`,
    )
    await harness.db.query(`create table ${table} (id bigint, text text, number bigint)`)
    const worker = await harness.startWorker()
    const source = { kind: 'directory' as const, path }
    const ingestId = await harness.start({
      source,
      format: { kind: 'parquet' },
      target: { table },
    })
    await until(() => isThere(ingestId, path), { what: when })
    worker.kill('SIGKILL')
    await worker.exited
    await until(async () => !(await isDecoded(path)), { what: 'the end of its reader' })
    await harness.startWorker()
    const view = await harness.ended(ingestId, 120_000)
    expect(view).toMatchObject({
      state: 'completed',
      rowsRead: rows,
      rowsLoaded: rows - 4,
      rowsRejected: 4,
    })
    const { rows: found } = await harness.db.query(
      `select count(*), count(distinct id) as ids,
              (select sum(rows_loaded)::int from sluice.units where ingest_id = $1) as receipts,
              (select array_agg(line::int order by line) from sluice.rejects where ingest_id = $1) as lines
       from ${table}`,
      [ingestId],
    )
    expect(found).toEqual([
      {
        count: rows - 4,
        ids: rows - 4,
        receipts: rows - 4,
        lines: [8, 100_008, 200_008, 300_008],
      },
    ])
    await harness.cleared(ingestId)
    await harness.killWorkers()
  })
}
