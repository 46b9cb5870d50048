/** Spans of the activities, in a worker that runs with the SDK of OpenTelemetry. */
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { build, until } from '../harness.ts'

const harness = await build()
const tracing = pathToFileURL(fileURLToPath(new URL('tracing.mjs', import.meta.url))).href

interface Written {
  name: string
  attributes: Record<string, unknown>
  status: { code: number; message?: string }
  events: { name: string }[]
}

test('each activity is a span, with the phases of a small ingest and what went wrong', async () => {
  const worker = await harness.startWorker({ env: { NODE_OPTIONS: `--import ${tracing}` } })
  const spans = (): Written[] =>
    [...worker.output().matchAll(/^span (.*)$/gm)].map(([, json = '']) => JSON.parse(json))
  const spanOf = (id: string, isIt: (span: Written) => boolean = () => true) =>
    spans().find((span) => span.attributes['sluice.ingest'] === id && isIt(span))

  const path = await harness.file('rows.csv', 'id\n1\n2\n')
  const small = await harness.start({ source: { kind: 'directory', path }, target: { table: 'a' } })
  await until(() => spanOf(small) !== undefined, { what: 'a span' })
  const span = spanOf(small)
  expect(span).toMatchObject({ name: 'beginIngest', status: { code: 0 } })
  expect(span?.attributes).toMatchObject({ 'sluice.attempt': 1, 'sluice.queue': harness.queue })
  expect(span?.events.map(({ name }) => name)).toEqual(['stage', 'plan', 'load', 'publish'])

  const none = { kind: 'directory' as const, path: `${harness.folder}/none.csv` }
  const failing = await harness.start({ source: none, target: { table: 'b' } })
  const failed = ({ status }: Written) => status.code === 2
  await until(() => spanOf(failing, failed) !== undefined, { what: 'a span that failed' })
  expect(spanOf(failing, failed)?.status.message).toContain('none.csv')
})
