/** Units are loaded while lots are staged, by workers: the first rows come early, and a pause holds all. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { viewIngest } from '../../src/postgres/ledger/views.ts'
import { build, eachVerb, until } from '../harness.ts'
import { recordHistory } from '../replay/record.ts'

const harness = await build()
const lots = 8

test('it loads before the last lot is staged, is paused and resumed, and all is there', async ({
  onTestFinished,
}) => {
  await mkdir(join(harness.folder, 'lots'))
  for (let lot = 0; lot < lots; lot++) {
    await harness.file(`lots/${lot}.csv`, `n,v\n${lot},${lot === lots - 1 ? 'x' : lot}\n`)
  }
  // The last lot cannot be recorded as staged as long as somebody has its row.
  const holder = await harness.db.connect()
  onTestFinished(() => holder.release(true))
  await harness.db.query(`
    create function hold() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock(1); return new; end $$;
    create trigger hold before update of staged_at on sluice.files for each row
      when (new.lot_no = ${lots - 1}) execute function hold()`)
  await holder.query('select pg_advisory_lock(1)')
  await harness.startWorker()
  const path = join(harness.folder, 'lots')
  const source = { kind: 'directory' as const, path }
  const ingestId = await harness.start(
    { source, target: { table: 'lots' }, parallelism: 2 },
    { ...eachVerb, lotBytesMax: 1 },
  )
  const view = () => viewIngest(harness.db, ingestId)
  await until(async () => (await view()).rowsLoaded === lots - 1, { what: 'rows of all others' })
  expect(await view()).toMatchObject({ phase: 'stage', filesStaged: lots - 1 })
  await harness.steer(ingestId, 'pause')
  await holder.query('select pg_advisory_unlock(1)')
  await until(async () => (await view()).state === 'paused', { what: 'the pause' })
  await harness.steer(ingestId, 'resume')
  const ended = await harness.ended(ingestId)
  expect(ended).toMatchObject({ state: 'completed', files: lots, rowsLoaded: lots })
  const { rows } = await harness.db.query('select v from lots order by n')
  expect(rows.map(({ v }) => v)).toEqual([...Array(lots - 1).keys()].map(String).concat('x'))
  await recordHistory(harness.client, ingestId, 'streamed')
})
