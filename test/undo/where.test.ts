/** Rows say which ingest, file and line they came from; the condition of a client can do no harm. */
import { expect, test } from 'vitest'
import { where } from '../../src/ingests/where.ts'
import { build } from '../harness.ts'
import { bring } from './byVerbs.ts'

const harness = await build()
const { db } = harness

const ask = (row: string, table = 'traced') => where({ db }, { table, row })

test('by undo, by columns, and where nothing tells', async () => {
  await db.query(`create table traced (id int primary key, name text);
    create table with_columns (a int, _ingest text, _file text, _line int)`)
  await db.query(`insert into traced values (1, 'of nobody')`)
  const id = await bring(harness, 'id,name\n7,a\n8,b\n', { table: 'public.traced' })
  const file = expect.stringContaining(`${id}.csv`)
  expect(await ask('id in (1, 7)')).toEqual({
    table: 'public.traced',
    rows: [
      { key: { id: 1 }, ingest: null, file: null, line: null },
      { key: { id: 7 }, ingest: id, file, line: null },
    ],
    isMore: false,
  })
  expect((await ask(`name = 'b' -- it ends here`)).rows).toMatchObject([
    { key: { id: 8 }, ingest: id },
  ])
  expect((await ask('id = 9')).rows).toEqual([])
  await db.query('update traced set name = name where id = 7')
  expect((await ask('id = 7')).rows).toMatchObject([{ ingest: null }])
  const csv = 'a,_ingest,_file,_line\n5,trips-1,jan.csv,12\n'
  await bring(harness, csv, { table: 'public.with_columns', undo: false })
  expect((await ask('a = 5', 'with_columns')).rows).toEqual([
    { key: null, ingest: 'trips-1', file: 'jan.csv', line: 12 },
  ])
})

test.each([
  ['true; drop table traced', 'syntax error'],
  ['true) union select 1, null, null (', 'syntax error'],
  ['exists (select from sluice.ingests)', 'a subquery'],
  ['pg_terminate_backend(1)', 'does more than compute a value'],
  [`set_config('role', 'postgres', false) = ''`, 'does more than compute a value'],
  ['pg_sleep(100) is null', 'does more than compute a value'],
  ['id = 1) limit (1', 'it has a LIMIT'],
  ['id =', 'syntax error'],
  ['nope = 1', 'column "nope" does not exist'],
  [`id = 'x'`, 'invalid input syntax'],
])('%s is refused', async (row, told) => {
  await expect(ask(row)).rejects.toThrow(told)
  expect((await db.query('select from traced')).rowCount).toBe(3)
})

test('only tables that ingests go to, by any name', async () => {
  await db.query(`create table secrets (a int); create table "O'dd ""T" ("k'ey" int primary key)`)
  await expect(ask('true', 'secrets')).rejects.toThrow('No ingest has public.secrets as its target')
  await expect(ask('true', 'sluice.ingests')).rejects.toThrow('reserved')
  await expect(ask('true', 'nope')).rejects.toThrow('No ingest has public.nope')
  const name = `public."O'dd ""T"`
  const id = await bring(harness, `k'ey\n1\n`, { table: name })
  expect((await ask('true', name)).rows).toMatchObject([{ key: { "k'ey": 1 }, ingest: id }])
  const many = Array.from({ length: 150 }, (_, n) => n + 2).join('\n')
  await bring(harness, `k'ey\n${many}\n`, { table: name })
  expect(await ask('true', name)).toMatchObject({ isMore: true, rows: { length: 100 } })
})
