/** A worker killed while it merges: every row is there once, as the files say it. */
import { expect, test } from 'vitest'
import { build, eachVerb, noticedSoon } from '../harness.ts'
import { killThere, noSession, obstacle } from './obstacle.ts'

const moments = {
  'in the middle of a merge': { mode: 'merge', stop: obstacle('kept', 'update', 'new.n = 30') },
  'at the end of a merge': {
    mode: 'merge',
    stop: obstacle('sluice.ingests', 'update of published_at', 'new.published_at is not null'),
  },
  'in the middle of an insert': {
    mode: 'insert',
    stop: obstacle('kept', 'insert', 'new.n = 150'),
  },
} as const

test.concurrent.for(Object.entries(moments))(
  '%s',
  { timeout: 180_000 },
  async ([, { mode, stop }], { onTestFinished }) => {
    const harness = await build({ onEnd: onTestFinished })
    await harness.db.query(`create table kept (n int primary key, v text);
      insert into kept select n, 'old' from generate_series(0, 99) n; ${stop}`)
    const lines = Array.from({ length: 150 }, (_, n) => `${n + 20},new`)
    const path = await harness.file('kept.csv', `n,v\n20,first\n${lines.join('\n')}\nx,bad\n,bad\n`)
    const id = `kill-${harness.queue}`
    const target = { table: 'kept', mode, key: ['n'] }
    const victim = await harness.startWorker()
    await killThere(harness, victim, async () => {
      const source = { kind: 'directory' as const, path }
      await harness.start({ id, source, target }, { ...noticedSoon, ...eachVerb })
    })
    const view = await harness.ended(id, 120_000)
    await noSession(harness)
    const counts =
      mode === 'merge'
        ? { rowsLoaded: 150, rowsInserted: 70, rowsUpdated: 80, rowsSuperseded: 1, rowsSkipped: 0 }
        : { rowsLoaded: 70, rowsInserted: 70, rowsUpdated: 0, rowsSuperseded: 0, rowsSkipped: 81 }
    expect(view).toMatchObject({ state: 'completed', error: null, rowsRead: 153, ...counts })
    expect(view.rowsRejected).toBe(2)
    expect(await harness.rejects(id)).toHaveLength(2)
    const { rows } = await harness.db.query(
      `select count(*) as rows, count(distinct n) as keys, count(*) filter (where v = 'new') as new,
              (select count(*) from pg_class where relname like 'sluice_landing%') as landings
       from kept`,
    )
    const now = mode === 'merge' ? 150 : 70
    expect(rows).toEqual([{ rows: 170, keys: 170, new: now, landings: 0 }])
  },
)
