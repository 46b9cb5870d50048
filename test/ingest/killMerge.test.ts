/** A worker killed while a mode finds rows by a key: each row, and what an undo keeps, is there once. */
import { expect, test } from 'vitest'
import { planUndo } from '../../src/ingests/undo.ts'
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
  'in the middle of the deletes of a sync': {
    mode: 'sync',
    stop: obstacle('kept', 'delete', 'old.n = 5'),
  },
  'between the ends and the beginnings of a history': {
    mode: 'history',
    stop: obstacle('kept', 'insert', 'new.n = 30'),
  },
} as const

/** For a history: no key has two current rows. */
const withPeriods = `alter table kept drop constraint kept_pkey,
  add valid_from timestamptz default '-infinity', add valid_to timestamptz,
  add is_current bool default true, add primary key (n, valid_from);
  create unique index on kept (n) where is_current;`

const countsOf = {
  merge: { rowsInserted: 70, rowsUpdated: 80, rowsSuperseded: 1, rowsSkipped: 0, rowsDeleted: 0 },
  insert: { rowsInserted: 70, rowsUpdated: 0, rowsSuperseded: 0, rowsSkipped: 81, rowsDeleted: 0 },
  sync: { rowsInserted: 70, rowsUpdated: 80, rowsSuperseded: 1, rowsSkipped: 0, rowsDeleted: 20 },
  history: { rowsInserted: 70, rowsUpdated: 80, rowsSuperseded: 1, rowsSkipped: 0, rowsDeleted: 0 },
}

test.concurrent.for(Object.entries(moments))(
  '%s',
  { timeout: 180_000 },
  async ([, { mode, stop }], { onTestFinished }) => {
    const harness = await build({ onEnd: onTestFinished })
    await harness.db.query(`create table kept (n int primary key, v text);
      insert into kept select n, 'old' from generate_series(0, 99) n;
      ${mode === 'history' ? withPeriods : ''} ${stop}`)
    const lines = Array.from({ length: 150 }, (_, n) => `${n + 20},new`)
    // A sync deletes nothing as long as there are rejects.
    const bad = mode === 'sync' ? '' : 'x,bad\n,bad\n'
    const rejected = mode === 'sync' ? 0 : 2
    const path = await harness.file('kept.csv', `n,v\n20,first\n${lines.join('\n')}\n${bad}`)
    const id = `kill-${harness.queue}`
    const more = mode === 'sync' && { maxDeletes: 20 }
    const target = { table: 'kept', mode, key: ['n'], undo: mode !== 'history', ...more }
    const victim = await harness.startWorker()
    await killThere(harness, victim, async () => {
      const source = { kind: 'directory' as const, path }
      await harness.start({ id, source, target }, { ...noticedSoon, ...eachVerb })
    })
    const view = await harness.ended(id, 120_000)
    await noSession(harness)
    const now = mode === 'insert' ? 70 : 150
    expect(view).toMatchObject({ state: 'completed', error: null, ...countsOf[mode] })
    expect(view).toMatchObject({
      rowsRead: 151 + rejected,
      rowsLoaded: now,
      rowsRejected: rejected,
    })
    expect(await harness.rejects(id)).toHaveLength(rejected)
    const { rows } = await harness.db.query(
      `select count(*) as rows, count(distinct n) as keys, count(*) filter (where v = 'new') as new,
              (select count(*) from pg_class where relname like 'sluice_landing%') as landings
       from kept`,
    )
    const keys = mode === 'sync' ? 150 : 170
    const ended = mode === 'history' ? 80 : 0
    expect(rows).toEqual([{ rows: keys + ended, keys, new: now, landings: 0 }])
    if (mode === 'history') return
    const undone = await planUndo({ db: harness.db } as never, id)
    const { rowsInserted, rowsUpdated, rowsDeleted } = countsOf[mode]
    expect(undone).toMatchObject({ rowsRemoved: rowsInserted, rowsKept: 0 })
    expect(undone.rowsRestored).toBe(rowsUpdated + rowsDeleted)
  },
)
