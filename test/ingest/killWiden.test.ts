/** A worker killed in a publish that widens types: every row is there once, in the wider type. */
import { expect, test } from 'vitest'
import { build, noticedSoon } from '../helper.ts'
import { counted, killThere, noSession, obstacle } from './obstacle.ts'

const moments = {
  'while it removes rejects': obstacle('sluice.rejects', 'delete', 'old.line % 1000 = 0'),
  'right before its commit': obstacle(
    'sluice.ingests',
    'update of published_at',
    'new.published_at is not null',
  ),
}
const wideRows = 30_000
const odd = 4000

test.concurrent.for([
  ['while it removes rejects', true],
  ['right before its commit', false],
] as const)(
  'a publish that widens %s; atomic: %s',
  { timeout: 240_000 },
  async ([moment, atomic], { onTestFinished }) => {
    const it = await build({ onEnd: onTestFinished })
    const value = (n: number) => (n >= wideRows - odd ? `${n}.5` : n)
    const lines = Array.from({ length: wideRows }, (_, n) => `${value(n)},t`)
    const path = await it.file('rows.csv', `n,t\n${lines.join('\n')}\nlate,1,2\n`)
    await it.db.query(moments[moment])
    const ingestId = `widen-${it.queue}`
    const target = { table: 'wide', atomic }
    await killThere(it, await it.startWorker(), async () => {
      await it.start({ id: ingestId, source: { kind: 'directory', path }, target }, noticedSoon)
    })
    const view = await it.ended(ingestId, 120_000)
    expect(view).toMatchObject({ state: 'completed', error: null, rowsToReload: 0 })
    await noSession(it)
    const { rows: found } = await it.db.query(counted('wide'), [ingestId])
    expect(found[0]).toEqual({
      rows: wideRows,
      ids: wideRows,
      loaded: wideRows,
      rejected: 1,
      receipts: [wideRows + 1, wideRows, 1],
      open: 1,
      retries: 0,
    })
  },
)
