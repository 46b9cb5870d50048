/** A worker killed while it publishes what a transform makes: every row is there once, or nowhere. */
import { expect, test } from 'vitest'
import { build, eachVerb, noticedSoon } from '../harness.ts'
import { counted, killThere, noSession, obstacle } from './obstacle.ts'

const moments = {
  'when an expression has failed': obstacle('sluice.rejects', 'insert', "new.code = '22012'"),
  'amid the rows': obstacle('made', 'insert', "new.v = 'NEW 250'"),
  'right after the commit': obstacle(
    'sluice.ingests',
    'update of ended_at',
    'new.ended_at is not null',
  ),
}

test.concurrent.for(Object.entries(moments))(
  '%s',
  { timeout: 180_000 },
  async ([, stop], { onTestFinished }) => {
    const harness = await build({ onEnd: onTestFinished })
    await harness.db.query(`create table made (n int primary key, v text, part int); ${stop}`)
    const lines = Array.from({ length: 500 }, (_, n) => `${n},new ${n}`)
    const path = await harness.file('made.csv', `n,v\n${lines.join('\n')}\n`)
    const ingestId = `transform-${harness.queue}`
    const source = { kind: 'directory' as const, path }
    const select = 'n, upper(v) as v, 1000 / (n - 7) as part'
    const target = { table: 'made', select, where: 'n % 10 <> 3' }
    const victim = await harness.startWorker()
    await killThere(harness, victim, async () => {
      await harness.start({ id: ingestId, source, target }, { ...noticedSoon, ...eachVerb })
    })
    const view = await harness.ended(ingestId, 120_000)
    expect(view).toMatchObject({
      ...{ state: 'completed', error: null, rowsRead: 500 },
      ...{ rowsLoaded: 449, rowsRejected: 1, rowsFiltered: 50 },
    })
    await noSession(harness)
    const { rows } = await harness.db.query(counted('made'), [ingestId])
    expect(rows).toMatchObject([{ rows: 449, loaded: 449, rejected: 1, receipts: [500, 449, 1] }])
    const [reject] = await harness.rejects(ingestId)
    expect(reject).toMatchObject({ line: 9, code: '22012', column: 'part', raw: '7,new 7' })
  },
)
