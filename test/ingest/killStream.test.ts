/** A worker killed while units are loaded and lots are staged: everything is there once. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { build, eachVerb, noticedSoon } from '../harness.ts'
import { counted, killThere, noSession, obstacle } from './obstacle.ts'

const lots = 12
const rowsEach = 50
const rows = lots * rowsEach

/** The files before the last one have numbers only, and each a row that is a reject. */
async function write(folder: string, file: (name: string, text: string) => Promise<string>) {
  await mkdir(folder)
  for (let lot = 0; lot < lots; lot++) {
    const numbers = Array.from({ length: rowsEach }, (_, n) => lot * rowsEach + n)
    const amount = (n: number) => (n === rows - 1 ? 'x' : `${n}.50`)
    const lines = numbers.map((n) => `${n},${amount(n)}`)
    await file(`rows/${lot + 10}.csv`, `n,amount\n${lines.join('\n')}\n1,2,3\n`)
  }
}

const isRemade = `
  create function is_remade(id text) returns boolean language sql as
    $$ select remade > 0 from sluice.ingests where ingest_id = id $$`

const moments = {
  'when it adds units to a plan that grows': obstacle(
    'sluice.ingests',
    'update of growing',
    `(new.growing ->> 'files')::int > 4`,
  ),
  'when it loads a unit meanwhile': obstacle(
    'sluice.units',
    'update of loaded_at',
    'new.loaded_at is not null and new.unit_no = 3',
  ),
  'when the landing table is made anew': obstacle(
    'sluice.ingests',
    'update of remade',
    'new.remade > old.remade',
  ),
  'when a unit is loaded again': obstacle(
    'sluice.units',
    'update of loaded_at',
    'new.loaded_at is not null and new.unit_no = 5 and is_remade(new.ingest_id)',
  ),
}

test.concurrent.for(Object.keys(moments) as (keyof typeof moments)[])(
  '%s',
  { timeout: 120_000 },
  async (moment, { onTestFinished }) => {
    const harness = await build({ onEnd: onTestFinished })
    const path = join(harness.folder, 'rows')
    await write(path, harness.file)
    await harness.db.query(`${isRemade}; ${moments[moment]}`)
    const ingestId = `stream-${harness.queue}`
    await killThere(harness, await harness.startWorker(), async () => {
      const source = { kind: 'directory' as const, path }
      const spec = { id: ingestId, source, target: { table: 'streamed' }, parallelism: 2 }
      await harness.start(spec, { ...noticedSoon, ...eachVerb, lotBytesMax: 1 })
    })
    const view = await harness.ended(ingestId, 60_000)
    expect(view).toMatchObject({ state: 'completed', error: null, filesStaged: lots })
    expect(view.columns?.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'n bigint',
      'amount text',
    ])
    await noSession(harness)
    const { rows: found } = await harness.db.query(counted('streamed'), [ingestId])
    expect(found[0]).toEqual({
      ...{ rows, ids: rows, loaded: rows, rejected: lots, open: lots, retries: 0 },
      receipts: [rows + lots, rows, lots],
    })
    const {
      rows: [ledger],
    } = await harness.db.query(
      `select growing, remade, (select min(amount) from streamed) as first
       from sluice.ingests where ingest_id = $1`,
      [ingestId],
    )
    // A value that was loaded as a number at first is text as it was written.
    expect(ledger).toEqual({ growing: null, remade: 1, first: '0.50' })
  },
)
