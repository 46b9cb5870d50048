/** Runs a worker once to its end, so that those of the tests find what V8 has compiled of it. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { cachedDataVersionTag } from 'node:v8'
import { dist, root } from './dist.ts'
import { build, eachVerb, type Harness } from './harness.ts'

export async function warmUp(servers: {
  databaseUrl: string
  temporalAddress: string
}): Promise<void> {
  if (await isWarm()) return
  let tearDown = async () => {}
  const harness = await build({ ...servers, onEnd: (end) => (tearDown = end) })
  try {
    const worker = await harness.startWorker()
    const path = await harness.file('rows.csv', 'n,text\n1,"a\nb"\n2,c\nx,d\n')
    await load(harness, path)
    worker.kill('SIGTERM')
    await worker.exited
  } finally {
    await tearDown()
  }
}

/** In the one activity of a small ingest, and in those of a large one. */
async function load(harness: Harness, path: string): Promise<void> {
  await harness.db.query('create table small (n int, text text); create table large (like small)')
  const spec = (table: string) => ({
    source: { kind: 'directory' as const, path },
    target: { table },
    rejects: { max: '50%' },
  })
  await harness.ingest(spec('small'))
  await harness.ended(await harness.start(spec('large'), eachVerb))
}

/** Since dist/ was made a worker has kept what it ran: see bin/keepCompiled.cjs. */
async function isWarm(): Promise<boolean> {
  const kept = join(root, '.cache/compiled', String(cachedDataVersionTag()), 'worker')
  const paths = [join(dist, 'build.json'), kept]
  const times = paths.map((path) => stat(path).catch(() => null))
  const [made, keptAt] = (await Promise.all(times)).map((found) => found?.mtimeMs ?? 0)
  return (keptAt as number) > (made as number)
}
