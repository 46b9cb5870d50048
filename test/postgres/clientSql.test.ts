/** SQL of clients: what only computes with the rows is taken, everything else is refused before it runs. */
import { describe, expect, test } from 'vitest'
import { defineQuery, defineRows, queryView, readOnly } from '../../src/postgres/clientSql/query.ts'
import { build } from '../harness.ts'

const harness = await build()
const landing = { schema: 'public', name: 'landing' }
await harness.db.query(`
  create type mood as enum ('sad', 'ok');
  create table landing (id int, name text, amount numeric, day date, at timestamptz, mood mood, doc jsonb, no bigint);
  insert into landing values (1, 'Ann', 1.5, '2024-01-01', now(), 'ok', '{"a": 1}', 1);
  create table secrets (word text);
  create table ran (what text);
  create sequence numbers;
  create function harmful(text) returns text language plpgsql immutable as
    $$ begin insert into ran values ($1); return $1; end $$;
  create function upper(text, int) returns text language sql immutable as 'select $1';
  create domain checked as text check (harmful(value) is not null);
  create type pair as (a int, b text);
  create function to_pair(text) returns pair language sql immutable as $$ select row(1, harmful($1))::pair $$;
  create cast (text as pair) with function to_pair(text);
  create operator === (leftarg = text, rightarg = text, function = texteq);
  create view seen as select word from secrets`)

/** @returns how many rows it gives; what it is refused for */
async function run(sql: string, isByRow: boolean): Promise<number | string> {
  const tx = await harness.db.connect()
  try {
    await tx.query('begin')
    await defineRows(tx, landing, ['id', 'name', 'amount', 'day', 'at', 'mood', 'doc'])
    await defineQuery(tx, { what: 'it', sql, isByRow })
    return await readOnly(tx, async () => {
      const { rows } = await tx.query(`select * from ${queryView}`)
      return rows.length
    })
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return code === 'sql_refused' ? message : `NOT REFUSED: ${message}`
  } finally {
    await tx.query('rollback')
    tx.release()
  }
}

const byRow = [
  'select id, upper(name) as name, amount * 100 as cents from rows where amount > 0',
  'select * from rows',
  "select coalesce(name, '') || '!' as name, case when id in (1, 2) then 'few' end as size from rows",
  "select to_char(at, 'YYYY-MM') as month, day + 1 as next, at::date as on_day from rows",
  "select (doc ->> 'a')::int as a, mood, 'sad'::mood as other, now() as seen from rows",
  'select id as ":funcid", name as "{SUBLINK", id as ") (o 1" from rows',
  "select regexp_replace(name, 'n+', 'm') as name, greatest(id, 2) as id, array[id, 1] as ids from rows",
  'select id from rows -- where',
  'select id from rows;',
  'select rows.id, (rows).name from rows',
  "select extract(year from day) as year, date_trunc('month', at) as month, age(at) as age from rows",
  "select format('%s-%s', id, name) as key, concat(name, id) as both, substr(name, 1, 1) as x from rows",
]

const overAll = [
  'select count(*) from rows having count(*) > 0',
  'select id from rows group by id having count(*) = 1',
  'with few as (select * from rows limit 1) select * from few',
  'select a.id from rows a join rows b using (id)',
  'select id from rows where id = (select max(id) from rows) order by id limit 1',
  'select id, row_number() over (partition by name order by at) from rows',
  'select id from rows union all select id from rows where false',
  "select string_agg(name, ',' order by id) from rows",
]

test.each(byRow)('%s: it gives one row for the row', async (sql) => {
  expect(await run(sql, true)).toBe(1)
  expect(await run(sql, false)).toBe(1)
})

test.each(overAll)('%s: only where rows need not be accounted for', async (sql) => {
  expect(await run(sql, false)).toBe(1)
  expect(await run(sql, true)).toMatch(/^The SQL of it is refused: it (has|sorts|does not)/)
})

const hostile = [
  'select id from rows; drop table secrets',
  'select id from rows; commit; drop table secrets; --',
  'select word from secrets',
  'select word from public.seen',
  'select id from rows where exists (select from secrets)',
  '(select id from rows) union (select 1 from secrets)',
  'select id, (select word from secrets limit 1) from rows',
  'select rolpassword from pg_authid',
  'table secrets',
  'with gone as (delete from secrets returning 1) select id from rows',
  'select id into stolen from rows',
  'select id from rows for update',
  'select id from rows for share',
  "select pg_read_file('/etc/passwd') from rows",
  "select pg_ls_dir('/') from rows",
  "select set_config('statement_timeout', '0', false) from rows",
  "select current_setting('data_directory') from rows",
  'select pg_sleep(100) from rows',
  "select lo_import('/etc/passwd') from rows",
  'select lo_unlink(1) from rows',
  "select nextval('numbers') from rows",
  "select setval('numbers', 5) from rows",
  'select harmful(name) from rows',
  "select id from rows where harmful('x') = 'x'",
  'select upper(name, 1) from rows',
  'select name::checked from rows',
  "select 'x'::checked from rows",
  'select name::pair from rows',
  "select name === 'x' from rows",
  'select generate_series(1, 1000000000) from rows',
  'select id from rows, generate_series(1, 10) n',
  'select unnest(array[id, id]) from rows',
  'with recursive forever as (select 1 as n union all select n + 1 from forever) select n from forever',
  "select table_to_xml('secrets', true, true, '') from rows",
  "select query_to_xml('select * from secrets', true, true, '') from rows",
  "select database_to_xml(true, true, '') from rows",
  "select dblink('host=evil', 'select 1') from rows",
  'select pg_terminate_backend(1) from rows',
  'select pg_stat_get_backend_activity(1) from rows',
  "select 'secrets'::regclass from rows",
  "select pg_notify('a', 'b') from rows",
  'select pg_advisory_lock(1) from rows',
  "copy secrets to program 'sh'",
  'do $$ begin delete from secrets; end $$',
  'insert into secrets values (1) returning 1',
  'select id from rows with check option; drop table secrets',
  'select id from rows where $1 = 1',
  "select U&'\\0061' UESCAPE '!' from rows, \"secrets\"",
  'select \u0430 from rows',
  'select $a$ x $a$ as x from rows $b$; drop table secrets $b$',
  'select id from rows /* open',
  "select 'x from rows",
  'select id from rows tablesample system (1)',
  'select ctid from rows',
  'select no from rows',
  'select random() as r from rows',
  'select word from pg_temp.rows, lateral (select word from secrets) s',
  'select id from only rows r cross join lateral (values (1), (2)) v',
  `select id from rows where ${'not '.repeat(5000)}id > 0`,
  'select id from rows\0',
  'select',
  '',
]

describe('hostile SQL', () => {
  test.each(hostile.map((sql) => [sql.slice(0, 80), sql]))('%s', async (_, sql) => {
    const told = await run(sql, true)
    expect(told).toMatch(/^The SQL of it is refused: /)
  })

  test('nothing of it has run', async () => {
    const { rows } = await harness.db.query(
      `select (select count(*) from ran) as ran, (select count(*) from secrets) as words,
              to_regclass('stolen') as stolen, last_value, is_called from numbers`,
    )
    expect(rows).toEqual([{ ran: 0, words: 0, stolen: null, last_value: 1, is_called: false }])
  })
})

test('even what were let through could write nothing', async () => {
  const tx = await harness.db.connect()
  await tx.query('begin')
  const write = readOnly(tx, () => tx.query('insert into secrets values (1)'))
  await expect(write).rejects.toThrow('read-only transaction')
  await tx.query('rollback; begin')
  await readOnly(tx, () => tx.query('select 1'))
  await tx.query(`insert into secrets values ('kept')`)
  await tx.query('rollback')
  tx.release()
})
