/** A worker killed while it replaces the rows of a table: they are the old ones or the new ones. */
import { expect, test } from 'vitest'
import { build, eachVerb, noticedSoon } from '../harness.ts'
import { counted, killThere, noSession, obstacle } from './obstacle.ts'

/** With them rows are deleted and inserted. */
const refers = `
  create table refers (n int references kept); create index on refers (n);
  insert into refers values (7);`

const moments = {
  'between the old rows and the new ones': {
    there: 300,
    stop: refers + obstacle('kept', 'insert', "new.v = 'new 250'"),
    left: { old: 300, now: 0 },
  },
  // An index of the copy is built when its rows are there.
  'before a copy takes the place of the table': {
    there: 40_000,
    stop: `create function slow(text) returns text immutable language plpgsql as
             $$ begin perform pg_advisory_xact_lock(7); return $1; end $$;
           create index on kept (slow(v)) where v = 'new 250'`,
    left: { old: 40_000, now: 0 },
  },
  'right after a copy has taken the place of the table': {
    there: 40_000,
    stop: obstacle('sluice.ingests', 'update of ended_at', 'new.ended_at is not null'),
    left: { old: 0, now: 500 },
  },
}

test.concurrent.for(Object.entries(moments))(
  '%s',
  { timeout: 180_000 },
  async ([, { there, stop, left }], { onTestFinished }) => {
    const harness = await build({ onEnd: onTestFinished })
    await harness.db.query(`create table kept (n int primary key, v text);
      insert into kept select n, rpad('old', 100) from generate_series(1, ${there}) n; ${stop}`)
    const oid = async () =>
      (await harness.db.query(`select 'kept'::regclass::oid::int8 as oid`)).rows[0].oid
    const oidBefore = await oid()
    const lines = Array.from({ length: 500 }, (_, n) => `${n},new ${n}`)
    const path = await harness.file('kept.csv', `n,v\n${lines.join('\n')}\nx,bad\n`)
    const ingestId = `replace-${harness.queue}`
    const source = { kind: 'directory' as const, path }
    const target = { table: 'kept', mode: 'replace' as const }
    const options = { ...noticedSoon, ...eachVerb }
    const seen = async () =>
      (
        await harness.db.query(`select count(*) filter (where v like 'old%') as old,
          count(*) filter (where v not like 'old%') as now from kept`)
      ).rows[0]
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
    expect((await oid()) !== oidBefore).toBe(there > 300)
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
