/** Files of objects that several workers load at the same time, each some units of them. */
import { expect, test } from 'vitest'
import { build, eachVerb } from '../harness.ts'

const harness = await build()
await harness.startWorker({ concurrency: 1 })
await harness.startWorker({ concurrency: 1 })

const files = 3
const rowsOfEach = 60_000

/** Keys come in another order in each file, and the last one has a key more. */
function record(file: number, id: number): string {
  const members = [`"id":${id}`, `"text":"${'x'.repeat(150)}"`, `"n":{"file":${file}}`]
  const turned = [...members.slice(file), ...members.slice(0, file)]
  return `{${[...turned, ...(file === files - 1 ? [`"more":${id}.5`] : [])].join(',')}}`
}

for (const [kind, [open, between, close]] of Object.entries({
  ndjson: ['', '\n', '\n'],
  json: ['[', ',\n', ']'],
} as const)) {
  test(`${kind}: units of several files on several workers`, async () => {
    const write = (_: unknown, file: number) => {
      const all = Array.from({ length: rowsOfEach }, (_, at) =>
        record(file, file * rowsOfEach + at),
      )
      return harness.file(`${kind}-${file}.${kind}`, `${open}${all.join(between)}${close}`)
    }
    const path = await Promise.all(Array.from({ length: files }, write))
    const source = { kind: 'directory' as const, path }
    const id = `objects-${kind}-${harness.queue}`
    await harness.start({ id, source, target: { table: kind } }, eachVerb)
    const rows = files * rowsOfEach
    expect(await harness.ended(id, 120_000)).toMatchObject({
      ...{ state: 'completed', error: null },
      ...{ rowsRead: rows, rowsLoaded: rows, rowsRejected: 0 },
    })
    const { rows: found } = await harness.db.query(
      `select count(*)::int as rows, count(distinct id)::int as ids, count(more)::int as more,
              count(*) filter (where id / ${rowsOfEach} <> (n ->> 'file')::int)::int as mixed
       from ${kind}`,
    )
    expect(found).toEqual([{ rows, ids: rows, more: rowsOfEach, mixed: 0 }])
    const { rows: units } = await harness.db.query(
      `select count(*)::int as units, count(distinct worker)::int as workers
       from sluice.units where ingest_id = $1`,
      [id],
    )
    expect(units[0].units).toBeGreaterThanOrEqual(files)
    expect(units[0].workers).toBe(2)
  })
}
