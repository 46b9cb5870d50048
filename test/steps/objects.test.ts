/** Files of objects through a step, which gets them as they are and may pack what it gives. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { outputOf } from '../dist.ts'
import { anyRejects, build } from '../harness.ts'

const app = outputOf(fileURLToPath(new URL('app.ts', import.meta.url)))
const harness = await build(anyRejects)
await harness.startWorker({ args: ['--app', app] })

for (const [kind, [content, line]] of Object.entries({
  ndjson: ['{"id":1,"o":{"b":1.0}}\n{"id":NaN}\n{"o":[],"name":"ü"}\n', 2],
  json: ['[{"id":1,"o":{"b":1.0}},\n{"id":NaN},\n{"o":[],"name":"ü"}]', 2],
} as const)) {
  test(`${kind}: what a step packs is read as it was`, async () => {
    const path = [await harness.file(`steps.${kind}`, content)]
    const source = { kind: 'directory' as const, path }
    const view = await harness.ingest({ source, target: { table: kind }, steps: ['pack'] })
    expect(view).toMatchObject({ state: 'completed', error: null, rowsLoaded: 2, rowsRejected: 1 })
    const { rows } = await harness.db.query(`select id::int, o, name from ${kind} order by id`)
    expect(rows).toEqual([
      { id: 1, o: { b: 1 }, name: null },
      { id: null, o: [], name: 'ü' },
    ])
    expect(await harness.rejects(view.ingestId)).toMatchObject([{ line, raw: '{"id":NaN}' }])
    const { rows: files } = await harness.db.query(
      `select shape ->> 'packing' as packing, shape ->> 'encoding' as encoding
       from sluice.files where ingest_id = $1`,
      [view.ingestId],
    )
    expect(files).toEqual([{ packing: 'gzip', encoding: 'utf-16le' }])
  })
}
