/** A large file of a server, staged in parts: a worker that is killed costs the part that it had in hand. */
import { afterAll, expect, test } from 'vitest'
import { build, eachVerb, noticedSoon } from '../harness.ts'
import { startLyingServer } from '../sources/lyingServer.ts'
import { counted, killThere, noSession, obstacle } from './obstacle.ts'

const server = await startLyingServer()
afterAll(() => server.close())
const env = { SLUICE_ALLOW_PRIVATE_ADDRESSES: '127.0.0.0/8' }

const rows = 60_000
const mebi = 1024 * 1024
const text = `n,note\n${Array.from({ length: rows }, (_, n) => `${n},"${'x'.repeat(90)}\n${n}"\n`).join('')}1,2,3\n`

const startsOf = (from: number): number[] =>
  server
    .asked('large.csv')
    .slice(from)
    .map(({ headers }) => Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1]))

test('every row is there once, and no part is read again that was staged', {
  timeout: 120_000,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  server.put('large.csv', text)
  const third = 'jsonb_array_length(new.parts) = 3'
  await harness.db.query(obstacle('sluice.files', 'update of parts', third))
  const ingestId = `parts-${harness.queue}`
  const begin = async () => {
    const source = { kind: 'http' as const, url: server.urlOf('large.csv') }
    const spec = { id: ingestId, source, target: { table: 'in_parts' }, parallelism: 2 }
    await harness.start(spec, { ...noticedSoon, ...eachVerb, lotBytesMax: mebi })
  }
  let before = 0
  const next = () => {
    before = server.asked('large.csv').length
    return harness.startWorker({ env })
  }
  await killThere(harness, await harness.startWorker({ env }), begin, { next })
  const view = await harness.ended(ingestId, 60_000)
  expect(view).toMatchObject({ state: 'completed', error: null, filesStaged: 1 })
  await noSession(harness)
  const { rows: found } = await harness.db.query(counted('in_parts'), [ingestId])
  expect(found[0]).toEqual({
    ...{ rows, ids: rows, loaded: rows, rejected: 1, open: 1, retries: 0 },
    receipts: [rows + 1, rows, 1],
  })
  const { rows: files } = await harness.db.query(
    'select parts, size_bytes as "sizeBytes" from sluice.files where ingest_id = $1',
    [ingestId],
  )
  const starts: number[] = files[0].parts.map(({ start }: { start: number }) => start)
  expect(starts.length).toBeGreaterThanOrEqual(text.length / mebi)
  // The head is read with each part, and what changed is asked for with its first byte.
  const again = startsOf(before).filter((start) => start > 0)
  // The session of the worker that was killed may still write down the part that it had in hand.
  expect(Math.min(...again)).toBeGreaterThanOrEqual(starts[2] as number)
  const [reject] = await harness.rejects(ingestId)
  expect(reject).toMatchObject({ line: 2 * rows + 2, raw: '1,2,3' })
})
