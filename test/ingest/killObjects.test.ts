/** NDJSON and JSON exactly once: a worker that is killed while it stages, and one that is killed while it loads. */
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { expect, test } from 'vitest'
import { build, eachVerb, type Harness, noticedSoon, until } from '../harness.ts'

const rows = 300_000

/** What stands in front of all records, between two, and behind them; and how they are found. */
interface Way {
  marks: [open: string, between: string, close: string]
  format: object
}

const ways: Record<string, Way> = {
  ndjson: { marks: ['', '\n', '\n'], format: {} },
  json: {
    marks: ['{"n":[1],"data":{"items":[', ',\n', ']},"next":null}'],
    format: { at: 'data.items' },
  },
}

async function write(path: string, { marks: [open, between, close] }: Way): Promise<void> {
  const parts = function* () {
    yield open
    for (let from = 0; from < rows; from += 1000) {
      const some = Array.from({ length: 1000 }, (_, at) => {
        const id = from + at
        const more = id % 3 === 0 ? ',"more":{"n":[1.50,null]}' : ''
        return `{"id":${id},"note":"line \\"${id}\\"\\n${'x'.repeat(60)}"${more}}`
      })
      yield `${from > 0 ? between : ''}${some.join(between)}`
    }
    yield close
  }
  await pipeline(parts, createWriteStream(path))
}

const states: Record<string, string> = {
  stage: `select from sluice.ingests where ingest_id = $1 and state = 'running'
          and exists (select from sluice.files where ingest_id = $1)`,
  load: `select from pg_stat_activity where query like 'copy %' and state = 'active'
         and exists (select from sluice.units where ingest_id = $1 and loaded_at is not null)`,
}

const isAt = async ({ db }: Harness, query: string, id: string) =>
  ((await db.query(query, [id])).rowCount ?? 0) > 0

const cases = Object.entries(states).flatMap(([verb, query]) =>
  Object.entries(ways).map(([kind, way]) => ({ verb, query, kind, way })),
)

for (const { verb, query, kind, way } of cases) {
  test(`${kind}, killed at ${verb}: every row is there once`, async ({ onTestFinished }) => {
    const harness = await build({ onEnd: onTestFinished })
    const path = join(harness.folder, `rows.${kind}`)
    await write(path, way)
    const victim = await harness.startWorker()
    const source = { kind: 'directory' as const, path }
    const spec = { source, format: way.format, target: { table: 'once' } }
    const ingestId = await harness.start(spec, { ...eachVerb, ...noticedSoon })
    await until(() => isAt(harness, query, ingestId), { what: verb })
    victim.kill('SIGKILL')
    await victim.exited
    await harness.startWorker()
    const view = await harness.ended(ingestId, 120_000)
    expect(view).toMatchObject({ state: 'completed', rowsRead: rows, rowsLoaded: rows })
    const { rows: found } = await harness.db.query(
      'select count(*) as rows, count(distinct id) as ids, count(more) as more from once',
    )
    expect(found).toEqual([{ rows, ids: rows, more: rows / 3 }])
  })
}
