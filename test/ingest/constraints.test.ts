/** Rows that break a constraint of an existing target are rejects; the others are published. */
import { describe, expect, test } from 'vitest'
import { judged } from './judged.ts'

const { harness, ingest, rejects, column, mustAddUp } = await judged()

test('every kind of constraint, and one reject for a row that breaks several', async () => {
  await harness.db.query(`
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
  const found = await harness.rejects(view.ingestId)
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

describe('foreign keys', () => {
  test('composite, MATCH FULL, NULLs', async () => {
    await harness.db.query(`
      create table places (country text, "Zip code" int, primary key (country, "Zip code"));
      insert into places values ('de', 1), ('fr', 2);
      create table visits (id int, country text, zip int,
        constraint simple foreign key (country, zip) references places);
      create table full_visits (id int, country text, zip int,
        constraint whole foreign key (country, zip) references places match full)`)
    const content = 'id,country,zip\n1,de,1\n2,de,2\n3,de,\n4,,\n5,fr,2\n'
    const simple = await ingest('visits', content)
    expect(await rejects(simple.ingestId)).toEqual([[0, 3, '23503', 'simple', null]])
    const full = await ingest('full_visits', content)
    const found = await harness.rejects(full.ingestId)
    expect(found.map(({ line, error }) => [line, error.split(': ')[1]])).toEqual([
      [3, 'Key (country, zip)=(de, 2) is not present in table "places".'],
      [4, 'MATCH FULL does not allow mixing of null and nonnull key values.'],
    ])
    expect(await column('visits', 'id')).toEqual([1, 3, 4, 5])
    expect(await column('full_visits', 'id')).toEqual([1, 4, 5])
  })

  test('to the table itself: rows of the ingest count, unless they are out as well', async () => {
    await harness.db.query(`create table tree (id int primary key, parent int
        constraint up references tree, kind text check (kind <> 'bad'));
      insert into tree values (1)`)
    const rows = [
      '3,2,', // 2: its parent comes later
      '2,1,', // 3
      '4,4,', // 4: its own parent
      '5,99,', // 5: nobody's child
      '6,5,', // 6: child of line 5
      '7,6,', // 7: and its child
      '8,,bad', // 8
      '9,8,', // 9: child of line 8
      '1,2,', // 10: taken
    ]
    const view = await ingest('tree', `id,parent,kind\n${rows.join('\n')}\n`)
    expect(await rejects(view.ingestId)).toEqual([
      [0, 5, '23503', 'up', 'parent'],
      [0, 6, '23503', 'up', 'parent'],
      [0, 7, '23503', 'up', 'parent'],
      [0, 8, '23514', 'tree_kind_check', 'kind'],
      [0, 9, '23503', 'up', 'parent'],
      [0, 10, '23505', 'tree_pkey', 'id'],
    ])
    expect(await column('tree', 'id')).toEqual([1, 2, 3, 4])
    await mustAddUp(view.ingestId)
  })
})

test('replace judges within the ingest only, and keeps the table as it is', async () => {
  await harness.db.query(`create table renewed (id int primary key, up int references renewed, n int not null);
    insert into renewed values (1, null, 1), (2, 1, 1)`)
  const view = await ingest('renewed', 'id,up,n\n2,,1\n2,,2\n3,1,1\n4,2,1\n5,,\n', {
    target: { mode: 'replace' },
  })
  expect(await rejects(view.ingestId)).toEqual([
    [0, 3, '23505', 'renewed_pkey', 'id'],
    [0, 4, '23503', 'renewed_up_fkey', 'up'],
    [0, 6, '23502', 'renewed_n_not_null', 'n'],
  ])
  expect(await column('renewed', 'id')).toEqual([2, 4])
  await mustAddUp(view.ingestId)
})

test('identity, serial and generated columns, defaults, domains and enums', async () => {
  await harness.db.query(`
    create type mood as enum ('sad', 'ok');
    create domain positive as int check (value > 0);
    create table made (
      id int generated always as identity primary key, no serial unique, at date default now(),
      code text not null, mood mood not null default 'ok', size positive,
      low text generated always as (lower(code)) stored unique,
      kind text default 'k', unique (kind, size), check (at > '2000-01-01')
    );
    insert into made (code, size) values ('A', 1)`)
  const rows = ['b,sad,2', 'a,ok,3', 'c,angry,4', 'd,ok,-1', 'e,,5', 'B,ok,6', 'f,ok,2', 'g,ok,7']
  const view = await ingest('made', `code,mood,size\n${rows.join('\n')}\n`)
  expect((await rejects(view.ingestId)).map((each) => each.slice(1, 4))).toEqual([
    [3, '23505', 'made_low_key'],
    [4, '22P02', null],
    [5, expect.stringMatching(/22P02|23514/), null],
    [6, '23502', 'made_mood_not_null'],
    [7, '23505', 'made_low_key'],
    [8, '23505', 'made_kind_size_key'],
  ])
  expect(await column('made', 'code')).toEqual(['A', 'b', 'g'])
  await mustAddUp(view.ingestId)

  const given = await ingest('made', 'id,code,size\n1,x,8\n50,y,9\n,z,10\n')
  expect((await rejects(given.ingestId)).map((each) => each.slice(1, 4))).toEqual([
    [2, '23505', 'made_pkey'],
    [4, '23502', 'made_id_not_null'],
  ])
  expect(await column('made', 'id')).toContain(50)
})

test('partitions: a row without one is a reject', async () => {
  await harness.db.query(`create table logs (day date, n int, primary key (day, n))
      partition by range (day);
    create table logs_1 partition of logs for values from ('2024-01-01') to ('2024-02-01');
    create table logs_2 partition of logs for values from ('2024-02-01') to ('2024-03-01')`)
  const view = await ingest(
    'logs',
    'day,n\n2024-01-05,1\n2024-02-05,1\n2024-03-05,1\n2024-01-05,1\n',
  )
  expect(await rejects(view.ingestId)).toEqual([
    [0, 4, '23514', null, null],
    [0, 5, '23505', 'logs_pkey', null],
  ])
  const part = await ingest('logs_1', 'day,n\n2024-01-06,1\n2024-02-06,1\n2024-01-05,1\n')
  expect(await rejects(part.ingestId)).toEqual([
    [0, 3, '23514', null, null],
    [0, 4, '23505', 'logs_1_pkey', null],
  ])
  expect(await column('logs', 'n')).toHaveLength(3)
})

test('a unit of the repair lane, and records over several lines', async () => {
  await harness.db.query('create table mended (n int primary key, text text, type regclass)')
  const rows = [
    'n,text,type',
    '1,"a', // 2, 3
    'b",',
    '2,short', // 4
    '1,"c', // 5, 6: taken by line 2
    'd",',
    '3,x,no_such_table', // 7
    '', // 8
    '3,"e"",', // 9, 10: stays, line 7 was rejected
    'f",',
    '3,g,', // 11
    '4,"stray,', // 12
    '1,last,', // 13
  ]
  const view = await ingest('mended', rows.join('\n'))
  const { rows: lanes } = await harness.db.query(
    'select lane from sluice.units where ingest_id = $1',
    [view.ingestId],
  )
  expect(lanes).toEqual([{ lane: 'repair' }])
  const found = await harness.rejects(view.ingestId)
  expect(found.map(({ line, code, raw }) => [line, code, raw])).toEqual([
    [4, 'wrong_column_count', '2,short'],
    [5, '23505', '1,"c\nd",'],
    [7, expect.any(String), '3,x,no_such_table'],
    [11, '23505', '3,g,'],
    [12, 'quote_not_closed', '4,"stray,'],
    [13, '23505', '1,last,'],
  ])
  expect(await column('mended', 'text')).toEqual(['a\nb', 'e",\nf'])
  await mustAddUp(view.ingestId)
})

describe('rejects.max', () => {
  test.each([
    [2, 'completed'],
    [1, 'failed'],
    ['20%', 'completed'],
    ['19%', 'failed'],
  ] as const)('%s of 10: %s, and the rejects stay', async (max, state) => {
    await harness.db.query(
      'drop table if exists limited; create table limited (n int check (n <> 5) unique)',
    )
    const content = `n\n${[0, 1, 2, 3, 4, 5, 6, 7, 8, 8].join('\n')}\n`
    const view = await ingest('limited', content, { rejects: { max } })
    expect(view.state).toBe(state)
    expect((await rejects(view.ingestId)).map(([, line]) => line)).toEqual([7, 11])
    expect(view).toMatchObject({ rowsLoaded: 8, rowsRejected: 2 })
    expect(await column('limited', 'n')).toHaveLength(state === 'completed' ? 8 : 0)
    expect(view.error?.code).toBe(state === 'failed' ? 'rejects_over_max' : undefined)
  })

  test('every row rejected: the ingest fails', async () => {
    await harness.db.query('create table nothing_left (n int check (n > 9))')
    const view = await ingest('nothing_left', 'n\n1\n2\n', { rejects: {} })
    expect(view).toMatchObject({ state: 'failed', error: { code: 'every_row_rejected' } })
    expect(await rejects(view.ingestId)).toHaveLength(2)
  })
})
