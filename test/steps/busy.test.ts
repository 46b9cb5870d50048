/** A step may compute on the main thread for a while: a busy worker is not taken for dead. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { outputOf } from '../dist.ts'
import { build } from '../harness.ts'

const app = outputOf(fileURLToPath(new URL('app.ts', import.meta.url)))

test('a worker that computes on its main thread for 10 s is not taken for dead', {
  timeout: 120_000,
}, async ({ onTestFinished }) => {
  const harness = await build({ onEnd: onTestFinished })
  const path = join(harness.folder, 'busy')
  await mkdir(path)
  await writeFile(join(path, 'a.csv'), 'n\n1\n')
  await harness.startWorker({ args: ['--app', app] })
  const other = await harness.startWorker({ queue: 'elsewhere' })
  const ingestId = await harness.start({ source: { kind: 'directory', path }, steps: ['compute'] })
  expect(await harness.ended(ingestId)).toMatchObject({ state: 'completed' })
  const { rows } = await harness.db.query(
    `select attempt, failures, (select count(death) from sluice.workers) as deaths
     from sluice.steps where ingest_id = $1`,
    [ingestId],
  )
  expect(rows).toEqual([{ attempt: 1, failures: 0, deaths: 0 }])
  expect(other.output()).not.toContain('died')
})
