/** Rows that break a constraint of an existing target are rejects; the others are published. */
import { expect, test } from 'vitest'
import type { IngestSpec } from '../../src/domain/spec.ts'
import { build } from '../helper.ts'

const it = await build()
await it.startWorker()

type Options = Omit<IngestSpec, 'source' | 'target'> & { target?: Partial<IngestSpec['target']> }

async function ingest(table: string, content: string | string[], options: Options = {}) {
  const contents = typeof content === 'string' ? [content] : content
  const path: string[] = []
  for (const [no, text] of contents.entries()) path.push(await it.file(`${table}-${no}.csv`, text))
  const target = { table, ...options.target }
  return it.ingest({ ...options, source: { kind: 'directory', path }, target })
}

/** [file, line, code, constraint, column] of every reject. */
async function rejects(ingestId: string) {
  const found = await it.rejects(ingestId)
  return found.map(({ fileNo, line, code, constraint, column }) => [
    fileNo,
    line,
    code,
    constraint,
    column,
  ])
}

const column = async (table: string, name: string) =>
  (await it.db.query(`select ${name} as value from ${table} order by 1`)).rows.map((r) => r.value)

/** Receipts, rejects and rows say the same. */
async function mustAddUp(ingestId: string) {
  const { rows } = await it.db.query(
    `select i.rows_read = i.rows_loaded + i.rows_rejected + i.rows_skipped as adds,
            i.rows_read = u.read and i.rows_loaded = u.loaded and i.rows_rejected = u.rejected
              and i.rows_skipped = u.skipped and i.rows_rejected = r.rejects as same,
            (select count(*) from pg_class where relname like 'sluice_landing%') as landings
     from sluice.ingests i,
       lateral (select sum(rows_read) as read, sum(rows_loaded) as loaded,
                       sum(rows_rejected) as rejected, sum(rows_skipped) as skipped
                from sluice.units where ingest_id = i.ingest_id) u,
       lateral (select count(*) as rejects from sluice.rejects where ingest_id = i.ingest_id) r
     where ingest_id = $1`,
    [ingestId],
  )
  expect(rows).toEqual([{ adds: true, same: true, landings: 0 }])
}

test('every kind of constraint, and one reject for a row that breaks several', async () => {
  await it.db.query(`
    create table kinds_parent (code text primary key);
    insert into kinds_parent values ('a'), ('b');
    create table kinds (
      id int primary key, name text not null, price numeric check (price > 0),
      low int, high int, constraint bounds check (low <= high),
      parent text constraint parent_there references kinds_parent,
      twice numeric generated always as (price * 2) stored check (twice < 1000)
    );
    insert into kinds (id, name) values (7, 'there')`)
  const rows = [
    'id,name,price,low,high,parent',
    '1,fine,1,1,2,a', // 2
    '2,,1,1,2,a', // 3: not null
    '3,x,-1,1,2,a', // 4: price
    '4,x,1,3,2,a', // 5: bounds
    '5,x,1,1,2,zz', // 6: parent
    '6,x,500,1,2,a', // 7: twice
    '7,x,1,1,2,a', // 8: taken
    '1,x,1,1,2,a', // 9: an earlier row
    '1,,-1,3,2,zz', // 10: all of them
    ',x,1,1,2,a', // 11: no key
    '8,"two', // 12, 13
    'lines",,,,', // NULLs break nothing
    '9,"two', // 14, 15
    'lines",-5,,,b', // price
    'q,x,1,1,2,a', // 16: no number
  ]
  const view = await ingest('kinds', `${rows.join('\n')}\n`)
  expect(view).toMatchObject({ state: 'completed', error: null, rowsLoaded: 2, rowsRejected: 11 })
  expect(await rejects(view.ingestId)).toEqual([
    [0, 3, '23502', 'kinds_name_not_null', 'name'],
    [0, 4, '23514', 'kinds_price_check', 'price'],
    [0, 5, '23514', 'bounds', null],
    [0, 6, '23503', 'parent_there', 'parent'],
    [0, 7, '23514', 'kinds_twice_check', 'twice'],
    [0, 8, '23505', 'kinds_pkey', 'id'],
    [0, 9, '23505', 'kinds_pkey', 'id'],
    [0, 10, '23502', 'kinds_name_not_null', 'name'],
    [0, 11, '23502', 'kinds_id_not_null', 'id'],
    [0, 14, '23514', 'kinds_price_check', 'price'],
    [0, 16, '22P02', null, 'id'],
  ])
  const found = await it.rejects(view.ingestId)
  expect(found.map(({ error }) => error)).toEqual([
    'null value in column "name" of relation "kinds" violates not-null constraint',
    'new row for relation "kinds" violates check constraint "kinds_price_check"',
    'new row for relation "kinds" violates check constraint "bounds"',
    'insert or update on table "kinds" violates foreign key constraint "parent_there": ' +
      'Key (parent)=(zz) is not present in table "kinds_parent".',
    'new row for relation "kinds" violates check constraint "kinds_twice_check"',
    'duplicate key value violates unique constraint "kinds_pkey": Key (id)=(7) already exists.',
    'duplicate key value violates unique constraint "kinds_pkey": ' +
      'Key (id)=(1) already exists in an earlier row.',
    expect.stringContaining('not-null'),
    expect.stringContaining('not-null'),
    expect.stringContaining('kinds_price_check'),
    'not a valid integer: "q"',
  ])
  expect(found[9]?.raw).toBe('9,"two\nlines",-5,,,b')
  expect(await column('kinds', 'id')).toEqual([1, 7, 8])
  await mustAddUp(view.ingestId)
})
