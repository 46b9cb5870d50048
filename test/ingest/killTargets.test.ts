/** A worker killed while it publishes several targets together: none is published, then each once. */
import { expect, test } from 'vitest'
import { build, noticedSoon } from '../harness.ts'
import { killThere, noSession, obstacle } from './obstacle.ts'

test('in the middle of the last of three targets', { timeout: 180_000 }, async ({
  onTestFinished,
}) => {
  const harness = await build({ onEnd: onTestFinished })
  await harness.db.query(`create table c (n int); ${obstacle('c', 'insert', 'new.n = 40')}`)
  const lines = Array.from({ length: 50 }, (_, n) => `${n}\n`).join('')
  for (const name of ['a', 'b', 'c']) await harness.file(`${name}.csv`, `n\n${lines}x\n`)
  const id = `kill-${harness.queue}`
  const source = { kind: 'directory', path: `${harness.folder}/*.csv` } as const
  const victim = await harness.startWorker({ concurrency: 4 })
  const target = { table: '{name}', schema: 'freeze' } as const
  await killThere(harness, victim, async () => {
    await harness.start({ id, source, target }, noticedSoon)
  })
  const view = await harness.ended(id, 120_000)
  await noSession(harness)
  const one = { state: 'completed', rowsRead: 51, rowsLoaded: 50, rowsRejected: 1 }
  expect(view).toMatchObject({
    ...{ state: 'completed', error: null, rowsRead: 153, rowsLoaded: 150, rowsRejected: 3 },
    targets: [one, one, one],
  })
  for (const part of view.targets) expect(await harness.rejects(part.id)).toHaveLength(1)
  const { rows } = await harness.db.query(
    `select (select count(*) from a) as a, (select count(*) from b) as b, (select count(*) from c) as c,
            (select count(distinct published_at) from sluice.ingests where part_of = $1) as times,
            (select count(*) from pg_class where relname like 'sluice_landing%') as landings`,
    [id],
  )
  expect(rows).toEqual([{ a: 50, b: 50, c: 50, times: 1, landings: 0 }])
})
