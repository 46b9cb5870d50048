/** A worker killed while types are found, or while words become NULL: both are as without it. */
import { expect, test } from 'vitest'
import { build, noticedSoon } from '../harness.ts'
import { counted, killThere, noSession, obstacle } from './obstacle.ts'

const moments = {
  'before its file is recorded as staged': obstacle('sluice.files', 'update of staged_at'),
  'right before the plan is there': obstacle(
    'sluice.ingests',
    'update of landing',
    'new.landing is not null and old.landing is null',
  ),
  'right before a unit of words for NULL is loaded': obstacle(
    'sluice.units',
    'update of loaded_at',
    'new.loaded_at is not null',
  ),
}
const wideRows = 30_000

/** Of a file that is large enough, some is looked at by other threads. */
const largePad = 'x'.repeat(600)

test.concurrent.for([
  ['before its file is recorded as staged', true, largePad],
  ['right before the plan is there', true, 'x'],
  ['right before a unit of words for NULL is loaded', false, 'x'],
] as const)(
  '%s; atomic: %s',
  { timeout: 240_000 },
  async ([moment, atomic, pad], { onTestFinished }) => {
    const harness = await build({ onEnd: onTestFinished })
    const zip = (n: number) => (n === wideRows - 1 ? '00501' : String(10_000 + n))
    const amount = (n: number) => (n % 100 === 0 ? 'n/a' : `${n}.50`)
    const lines = Array.from({ length: wideRows }, (_, n) => `${n},${zip(n)},${amount(n)},${pad}`)
    const path = await harness.file('rows.csv', `n,zip,amount,pad\n${lines.join('\n')}\nlate,1\n`)
    await harness.db.query(moments[moment])
    const ingestId = `types-${harness.queue}`
    const target = { table: 'wide', atomic }
    await killThere(harness, await harness.startWorker(), async () => {
      const source = { kind: 'directory' as const, path }
      await harness.start({ id: ingestId, source, target }, noticedSoon)
    })
    const view = await harness.ended(ingestId, 120_000)
    expect(view).toMatchObject({ state: 'completed', error: null })
    expect(view.columns?.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'n bigint',
      'zip text',
      'amount numeric',
      'pad text',
    ])
    expect(view.notes.map(({ code, line, count }) => [code, line, count])).toEqual([
      ['column_became_text', wideRows + 1, 1],
      ['null_words', 2, wideRows / 100],
      ['rejects_likely', null, 1],
    ])
    await noSession(harness)
    const { rows: found } = await harness.db.query(counted('wide'), [ingestId])
    expect(found[0]).toEqual({
      rows: wideRows,
      ids: wideRows,
      loaded: wideRows,
      rejected: 1,
      receipts: [wideRows + 1, wideRows, 1],
      open: 1,
      retries: 0,
    })
    const { rows: nulls } = await harness.db.query(
      `select count(*) filter (where amount is null) as nulls, max(zip) filter (where zip < '1')
       from wide`,
    )
    expect(nulls[0]).toEqual({ nulls: wideRows / 100, max: '00501' })
  },
)
