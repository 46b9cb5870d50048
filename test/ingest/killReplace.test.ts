/** A worker killed while it replaces the rows of a table: they are the old ones or the new ones. */
import { expect, test } from 'vitest'
import { build, eachVerb, noticedSoon } from '../harness.ts'
import { counted, killThere, noSession, obstacle } from './obstacle.ts'

const moments = {
  'between the old rows and the new ones': {
    stop: obstacle('kept', 'insert', "new.v = 'new 250'"),
    left: { old: 300, now: 0 },
  },
  'right after the commit': {
    stop: obstacle('sluice.ingests', 'update of ended_at', 'new.ended_at is not null'),
    left: { old: 0, now: 500 },
  },
}

test.concurrent.for(Object.entries(moments))(
  '%s',
  { timeout: 180_000 },
  async ([, { stop, left }], { onTestFinished }) => {
    const harness = await build({ onEnd: onTestFinished })
    await harness.db.query(`create table kept (n int primary key, v text);
        insert into kept select n, 'old' from generate_series(1, 300) n;
        create view seen as select count(*) filter (where v = 'old') as old,
                                   count(*) filter (where v <> 'old') as now from kept;
        create table refers (n int references kept); create index on refers (n);
        insert into refers values (7); ${stop}`)
    const lines = Array.from({ length: 500 }, (_, n) => `${n},new ${n}`)
    const path = await harness.file('kept.csv', `n,v\n${lines.join('\n')}\nx,bad\n`)
    const ingestId = `replace-${harness.queue}`
    const source = { kind: 'directory' as const, path }
    const target = { table: 'kept', mode: 'replace' as const }
    const options = { ...noticedSoon, ...eachVerb }
    const seen = async () => (await harness.db.query('select * from seen')).rows[0]
    const victim = await harness.startWorker()
    let shown: unknown = null
    const kill = (signal: NodeJS.Signals) => {
      shown = seen()
      victim.kill(signal)
    }
    await killThere(harness, { ...victim, kill }, async () => {
      await harness.start({ id: ingestId, source, target }, options)
    })
    const view = await harness.ended(ingestId, 120_000)
    expect(view).toMatchObject({ state: 'completed', error: null, rowsLoaded: 500 })
    expect(await shown).toEqual(left)
    await noSession(harness)
    expect(await seen()).toEqual({ old: 0, now: 500 })
    const { rows } = await harness.db.query(counted('kept'), [ingestId])
    expect(rows).toEqual([
      {
        rows: 500,
        ids: 500,
        loaded: 500,
        rejected: 1,
        receipts: [501, 500, 1],
        open: 1,
        retries: 0,
      },
    ])
  },
)
