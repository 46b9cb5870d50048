/** An ingest that was under way before formats had kinds goes on: its dialects become readings. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { build } from '../harness.ts'

const harness = await build()
const migration = new URL('../../src/postgres/sql/0011_reading.sql', import.meta.url)

test('the dialects of an earlier ledger are readings of CSV', async () => {
  const { db } = harness
  const dialect = { delimiter: ';', newline: '\n' }
  const json = JSON.stringify
  await db.query('alter table sluice.ingests rename column reading to dialect')
  await db.query(
    `insert into sluice.ingests (ingest_id, spec, source_kind, dialect)
     values ('begun', '{}', 'upload', $1), ('queued', '{}', 'upload', null)`,
    [json(dialect)],
  )
  await db.query(
    `insert into sluice.files (ingest_id, file_no, lot_no, name, size_bytes, version, shape)
     values ('begun', 0, 0, 'a', 1, '', $1), ('begun', 1, 0, 'b', 1, '', null)`,
    [json({ dialect, width: 2 })],
  )
  await db.query(
    `insert into sluice.units (ingest_id, unit_no, unit, size_bytes, records)
     values ('begun', 0, $1, 1, 1)`,
    [json({ columns: ['n'], dialect })],
  )
  await db.query(await readFile(migration, 'utf8'))
  const reading = { ...dialect, kind: 'csv' }
  const of = async (sql: string) => (await db.query(sql)).rows.map(({ found }) => found)
  expect(await of('select reading as found from sluice.ingests order by ingest_id')).toEqual([
    reading,
    null,
  ])
  expect(await of('select shape as found from sluice.files order by file_no')).toEqual([
    { reading, width: 2 },
    null,
  ])
  expect(await of('select unit as found from sluice.units')).toEqual([{ columns: ['n'], reading }])
})
