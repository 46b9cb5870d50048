/** Notes: what an ingest guessed is told in the ledger, in the result and in the Web UI. */
import { expect, test } from 'vitest'
import { noteOf } from '../../src/errors/notes.ts'
import { readIngest } from '../../src/postgres/ledger/ingests.ts'
import { addNotes, readNotes } from '../../src/postgres/ledger/notes.ts'
import { startRetry } from '../../src/temporal/retries.ts'
import { build } from '../harness.ts'

const harness = await build()
await harness.startWorker()

test('a file without a header is told of with the result', async () => {
  const path = await harness.file('plain.csv', '1,2.5\n3,4.5\n')
  const { state, notes, ingestId } = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'public.plain' },
  })
  expect(state).toBe('completed')
  expect(notes).toMatchObject([{ code: 'no_header', file: path, subject: path, count: null }])
  expect(notes[0]?.hint).toContain('--header')

  const handle = harness.client.workflow.getHandle(ingestId)
  expect(await handle.result()).toMatchObject({ rowsLoaded: 2, notes: [{ code: 'no_header' }] })
})

test('a note that is written again takes the place of the first one', async () => {
  const path = await harness.file('titles.csv', 'Report\n\na,b,c\n1,2,3\n4,5,6\n')
  const { notes, ingestId } = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'public.titles' },
  })
  expect(notes).toMatchObject([{ code: 'lines_skipped', count: 2 }])
  const titles = { lines: 'first 3 lines', was: 'were', what: 'titles', they: 'they are' }
  await addNotes(harness.db, ingestId, [
    noteOf('lines_skipped', { ...titles, file: path, count: 3, value: 'a\0b\ud800' }),
    noteOf('no_header', { file: path }),
  ])
  expect(await readNotes(harness.db, ingestId, 10)).toMatchObject([
    { code: 'lines_skipped', count: 3, value: 'a\ufffdb\ufffd' },
    { code: 'no_header' },
  ])
})

test('a retry tells anew what the rejects come from, and takes the note back at the last one', async () => {
  const { db, client } = harness
  await db.query('create table noted (id bigint, amount numeric)')
  const path = await harness.file('noted.csv', 'id,amount\n1,2024-01-31\n2,2\n3,x3\n')
  const { ingestId, notes } = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'noted' },
    rejects: { max: '100%' },
  })
  expect(notes).toMatchObject([{ code: 'rejects_likely', count: 2 }])
  const retry = async (retryId: string) => {
    await startRetry(client, { ingestId, retryId, upload: null }, await readIngest(db, ingestId))
    return client.workflow.getHandle(`${ingestId}.${retryId}`).result()
  }
  await db.query('alter table noted alter amount type date using null')
  expect(await retry('retry-1')).toMatchObject({ rowsLoaded: 1, rowsOpen: 1 })
  const after = await readNotes(db, ingestId, 10)
  expect(after).toMatchObject([{ code: 'rejects_likely', count: 1 }])
  expect(after[0]?.message).toContain('noted.csv line 4')
  await db.query('alter table noted alter amount type text')
  expect(await retry('retry-2')).toMatchObject({ rowsLoaded: 1, rowsOpen: 0 })
  expect(await readNotes(db, ingestId, 10)).toEqual([])
})
