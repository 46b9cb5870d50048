/** Rejects of a merge are loaded again. */
import { expect, test } from 'vitest'
import { retryAll } from '../retry.ts'
import { judged } from './judged.ts'

const { harness, ingest } = await judged()

test('a retry goes through the mode, and an older row stays out', async () => {
  await harness.db.query(`create table again (id int primary key, v text, kept text default 'k', at int);
    insert into again values (1, 'there', 'own', 5), (2, 'there', 'own', 5), (3, 'there', 'own', 5)`)
  const content = 'id,v,at,gone\n1,new,x,\n2,old,y,\n3,,z,true\n4,a,w,\n'
  const options = {
    target: { mode: 'merge' as const, key: ['id'], orderBy: ['at'], deleteWhen: 'gone' },
  }
  const view = await ingest('again', content, options)
  expect(view).toMatchObject({ rowsLoaded: 0, rowsRejected: 4 })
  const corrected = [
    'file,line,raw',
    ...['1,new,6,', '2,old,4,', '3,,6,true', '4,a,w,'].map(
      (raw, at) => `${harness.folder}/again-0.csv,${at + 2},"${raw}"`,
    ),
  ]
  const retried = await retryAll(harness, view.ingestId, `${corrected.join('\n')}\n`)
  expect(retried).toMatchObject({ rowsTried: 4, rowsLoaded: 2, rowsRejected: 2, rowsOpen: 2 })
  const rows = async () =>
    (await harness.db.query({ text: 'select * from again order by 1', rowMode: 'array' })).rows
  expect(await rows()).toEqual([
    [1, 'new', 'own', 6],
    [2, 'there', 'own', 5],
  ])
  const open = (await harness.rejects(view.ingestId)).filter(({ loadedAt }) => !loadedAt)
  expect(open.map(({ line, code }) => [line, code])).toEqual([
    [3, 'row_superseded'],
    [5, '22P02'],
  ])
  expect(await harness.ended(view.ingestId)).toMatchObject({
    rowsLoaded: 2,
    rowsRejected: 2,
    rowsUpdated: 1,
    rowsDeleted: 1,
    rowsInserted: 0,
  })
})
