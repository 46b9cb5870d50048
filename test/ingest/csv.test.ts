/** The main job: a CSV file becomes rows of a new table. */
import { expect, test } from 'vitest'
import { build } from '../harness.ts'

const harness = await build()
await harness.startWorker()

test('a new table gets its types from the rows', async () => {
  const path = await harness.file(
    'types.csv',
    [
      'ID,Flag,Price,Rate,Day,At,At Zone,Local,Key,Doc,Zip,Note',
      '1,true,1.50,1e3,2024-01-31,2024-01-31 10:00:00,2024-01-31T10:00:00Z,2024-01-31T10:00:00+01:00,6b1f1f3e-2f0e-4c43-9d29-0d3f8c9b1a11,"{""a"": 1}",00123,"x, ""y"""',
      '2,false,2,2.5e-1,2024-02-29,2024-02-29 10:00,2024-02-29 10:00:00+00,2024-02-29 10:00:00+02,6b1f1f3e-2f0e-4c43-9d29-0d3f8c9b1a12,[1],99999,',
      '',
    ].join('\n'),
  )
  const view = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'public.types' },
  })
  expect(view).toMatchObject({ state: 'completed', rowsRead: 2, rowsLoaded: 2, rowsRejected: 0 })
  expect(view.columns?.map(({ name, type }) => [name, type])).toEqual([
    ['id', 'bigint'],
    ['flag', 'boolean'],
    ['price', 'numeric'],
    ['rate', 'numeric'],
    ['day', 'date'],
    ['at', 'timestamp'],
    ['at_zone', 'timestamptz'],
    ['local', 'text'],
    ['key', 'uuid'],
    ['doc', 'jsonb'],
    ['zip', 'text'],
    ['note', 'text'],
  ])
  const { rows } = await harness.db.query(
    'select id, price::text, local, zip, note from types order by id',
  )
  expect(rows).toEqual([
    { id: 1, price: '1.50', local: '2024-01-31T10:00:00+01:00', zip: '00123', note: 'x, "y"' },
    { id: 2, price: '2', local: '2024-02-29 10:00:00+02', zip: '99999', note: null },
  ])
})
