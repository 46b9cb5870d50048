/** Rows that break a constraint of an existing target are rejects; the others are published. */
import { describe, expect, test } from 'vitest'
import type { IngestSpec } from '../../src/spec/spec.ts'
import { anyRejects, build } from '../harness.ts'

const harness = await build(anyRejects)
await harness.startWorker()

type Options = Omit<IngestSpec, 'source' | 'target'> & { target?: Partial<IngestSpec['target']> }

async function ingest(table: string, content: string | string[], options: Options = {}) {
  const contents = typeof content === 'string' ? [content] : content
  const path: string[] = []
  for (const [no, text] of contents.entries())
    path.push(await harness.file(`${table}-${no}.csv`, text))
  const target = { table, ...options.target }
  return harness.ingest({ ...options, source: { kind: 'directory', path }, target })
}

/** [file, line, code, constraint, column] of every reject. */
async function rejects(ingestId: string) {
  const found = await harness.rejects(ingestId)
  return found.map(({ fileNo, line, code, constraint, column }) => [
    fileNo,
    line,
    code,
    constraint,
    column,
  ])
}

const column = async (table: string, name: string) =>
  (await harness.db.query(`select ${name} as value from ${table} order by 1`)).rows.map(
    (r) => r.value,
  )

/** Receipts, rejects and rows say the same. */
async function mustAddUp(ingestId: string) {
  const { rows } = await harness.db.query(
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

describe('unique', () => {
  test('duplicates within a file, over units and files, and against the target', async () => {
    await harness.db.query(`create table dup (n int primary key, file text);
      insert into dup values (-1, 'there')`)
    const body = (file: string, from: number, count: number) =>
      Array.from({ length: count }, (_, n) => `${from + n},${file} ${'x'.repeat(500)}`)
    // More than a unit's bytes each, and they overlap by 100 rows.
    const first = ['n,file', ...body('one', 0, 20_000), '5,again', '-1,taken']
    const second = ['n,file', ...body('two', 19_900, 20_000)]
    const view = await ingest('dup', [`${first.join('\n')}\n`, `${second.join('\n')}\n`])
    expect(view).toMatchObject({ state: 'completed', rowsLoaded: 39_900, rowsRejected: 102 })
    expect(view.units).toBeGreaterThan(4)
    expect(await rejects(view.ingestId)).toEqual([
      [0, 20_002, '23505', 'dup_pkey', 'n'],
      [0, 20_003, '23505', 'dup_pkey', 'n'],
      ...Array.from({ length: 100 }, (_, n) => [1, 2 + n, '23505', 'dup_pkey', 'n']),
    ])
    const { rows } = await harness.db.query(
      `select count(*) as rows, count(*) filter (where file like 'one%') as one,
              count(*) filter (where file = 'there') as there from dup`,
    )
    expect(rows[0]).toEqual({ rows: 39_901, one: 20_000, there: 1 })
    await mustAddUp(view.ingestId)
  })

  test.each([
    [
      'partial',
      'create unique index partial_key on partial (a) where active',
      "insert into partial values (9, true, 'x'), (8, false, 'x')",
      ['1,t,x', '1,f,x', '1,f,x', '1,t,x', '9,f,x', '9,t,x', '8,t,x'],
      [5, 7],
    ],
    [
      'expression',
      'create unique index expression_key on expression (lower(note), (a % 10))',
      "insert into expression values (9, true, 'Ann')",
      ['1,t,ann', '19,t,ANN', '11,t,aNN', '2,t,ann', '9,t,'],
      [3, 4],
    ],
    [
      'nulls',
      'create unique index nulls_key on nulls (a, note) nulls not distinct',
      'insert into nulls values (9, true, null)',
      ['1,t,x', ',t,', ',f,', '9,t,', '9,t,x', '1,f,x', ',t,x'],
      [4, 5, 7],
    ],
    [
      'distinct_nulls',
      'alter table distinct_nulls add constraint distinct_nulls_key unique (a, note)',
      'insert into distinct_nulls values (9, true, null)',
      ['1,t,x', ',t,', ',f,', '9,t,', '9,t,x', '1,f,x', ',t,x', ',t,x'],
      [7],
    ],
    [
      'deferred',
      `alter table deferred add constraint deferred_key unique (a)
         deferrable initially deferred`,
      'insert into deferred values (9, true, null)',
      ['1,t,x', '9,t,x', '1,t,x', '2,f,'],
      [3, 4],
    ],
    [
      'collated',
      `create collation if not exists any_case
         (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
       alter table collated alter note type text collate any_case;
       create unique index collated_key on collated (note)`,
      "insert into collated values (9, true, 'Ann')",
      ['1,t,ANN', '2,t,Bob', '3,t,bob', '4,f,é'],
      [2, 4],
    ],
  ] as [string, string, string, string[], number[]][])('%s', async (...given) => {
    const [table, index, there, rows, bad] = given
    await harness.db.query(
      `create table ${table} (a int, active boolean, note text); ${index}; ${there}`,
    )
    const before = (await column(table, 'a')).length
    const view = await ingest(table, `a,active,note\n${rows.join('\n')}\n`)
    expect(view.error).toBeNull()
    expect((await rejects(view.ingestId)).map((each) => each.slice(1, 4))).toEqual(
      bad.map((line) => [line, '23505', `${table}_key`]),
    )
    expect(await column(table, 'a')).toHaveLength(before + rows.length - bad.length)
    await mustAddUp(view.ingestId)
  })

  test('of several keys, a row that loses by one does not win by another', async () => {
    await harness.db.query(`create table keys (a int unique, b int unique, c int unique);
      insert into keys values (100, 100, 100)`)
    const rows = [
      '1,1,1', // 2
      '2,1,2', // 3: b of line 2
      '2,3,3', // 4: stays, since line 3 does not
      '4,3,4', // 5: b of line 4
      '5,5,4', // 6: stays, since line 5 does not
      '6,100,6', // 7: taken
      '6,7,7', // 8: stays
    ]
    const view = await ingest('keys', `a,b,c\n${rows.join('\n')}\n`)
    expect(await rejects(view.ingestId)).toEqual([
      [0, 3, '23505', 'keys_b_key', 'b'],
      [0, 5, '23505', 'keys_b_key', 'b'],
      [0, 7, '23505', 'keys_b_key', 'b'],
    ])
    expect(await column('keys', 'a')).toEqual([1, 2, 5, 6, 100])
  })

  test('skip counts rows and leaves them out, other faults are rejects as ever', async () => {
    await harness.db.query(`create table skipped (a int primary key, b text not null);
      insert into skipped values (2, 'there')`)
    const content = 'a,b\n1,x\n2,x\n1,y\n3,\n2,\nq,x\n'
    const view = await ingest('skipped', content, { target: { unique: 'skip' } })
    expect(view).toMatchObject({
      state: 'completed',
      rowsRead: 6,
      rowsLoaded: 1,
      rowsSkipped: 2,
      rowsRejected: 3,
    })
    expect((await rejects(view.ingestId)).map(([, line, code]) => [line, code])).toEqual([
      [5, '23502'],
      [6, '23502'],
      [7, '22P02'],
    ])
    expect(await column('skipped', 'b')).toEqual(['there', 'x'])
    await mustAddUp(view.ingestId)

    const again = await ingest('skipped', 'a,b\n1,x\n2,x\n', { target: { unique: 'skip' } })
    expect(again).toMatchObject({ state: 'completed', rowsLoaded: 0, rowsSkipped: 2 })
    await mustAddUp(again.ingestId)
  })

  test('fail names the constraint and the key, and nothing is published', async () => {
    await harness.db.query(`create table failing (a int primary key, b text not null);
      insert into failing values (2, 'there')`)
    const view = await ingest('failing', 'a,b\n1,x\n3,\n2,x\n', { target: { unique: 'fail' } })
    expect(view).toMatchObject({ state: 'failed', error: { code: 'target_refused' } })
    expect(view.error?.message).toMatch(/failing_pkey.*\(a\)=\(2\) already exists/)
    expect(await column('failing', 'a')).toEqual([2])
    const fine = await ingest('failing', 'a,b\n1,x\n3,\n', { target: { unique: 'fail' } })
    expect(fine).toMatchObject({ state: 'completed', rowsLoaded: 1, rowsRejected: 1 })
  })

  test.each([
    ['reject', { rowsLoaded: 2, rowsRejected: 2, rowsSkipped: 0 }, [3, 4]],
    ['skip', { rowsLoaded: 2, rowsRejected: 1, rowsSkipped: 1 }, [4]],
  ] as const)('not atomic, %s', async (unique, counts, lines) => {
    const table = `early_${unique}`
    await harness.db.query(`create table ${table} (a int, b text check (b <> ''));
      alter table ${table} add constraint ${table}_key unique (a) deferrable initially deferred;
      insert into ${table} values (2, 'there')`)
    const view = await ingest(table, 'a,b\n1,x\n2,y\n3,""\n4,w\n', {
      target: { atomic: false, unique },
    })
    expect(view).toMatchObject({ state: 'completed', ...counts })
    const possible = [
      [0, 3, '23505', `${table}_key`, null],
      [0, 4, '23514', `${table}_b_check`, null],
    ] as const
    const wanted = possible.filter(([, line]) => (lines as readonly number[]).includes(line))
    expect(await rejects(view.ingestId)).toEqual(wanted)
    const errors = (await harness.rejects(view.ingestId)).map(({ line, error }) => [line, error])
    expect(errors).toEqual(
      wanted.map(([, line]) => [
        line,
        expect.stringMatching(line === 3 ? /: Key \(a\)=\(2\) already exists/ : /_b_check/),
      ]),
    )
  })

  test('not atomic, foreign keys, which name no line', async () => {
    await harness.db.query(`create table early_parent (a int primary key);
      insert into early_parent values (1), (2);
      create table early_child (a int references early_parent deferrable initially deferred, n int)`)
    const rows = Array.from({ length: 200 }, (_, n) =>
      n % 50 === 7 ? `${n},${n}` : `${n % 3},${n}`,
    )
    const bad = rows.flatMap((row, n) => (/^[12],/.test(row) ? [] : [n + 2]))
    const view = await ingest('early_child', `a,n\n${rows.join('\n')}\n`, {
      target: { atomic: false },
    })
    expect(view).toMatchObject({ state: 'completed', rowsRejected: bad.length })
    const found = await rejects(view.ingestId)
    expect(found.map(([, line]) => line)).toEqual(bad)
    expect(found[0]?.slice(2, 4)).toEqual(['23503', 'early_child_a_fkey'])
    expect(await column('early_child', 'n')).toHaveLength(rows.length - bad.length)
  })

  test('not atomic, fail', async () => {
    await harness.db.query('create table early_fail (a int primary key)')
    const view = await ingest('early_fail', 'a\n1\n1\n', {
      target: { atomic: false, unique: 'fail' },
    })
    expect(view).toMatchObject({ state: 'failed', error: { code: 'target_refused' } })
    expect(view.error?.message).toMatch(/early_fail_pkey.*Key \(a\)=\(1\) already exists/)
  })
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

test('what cannot be judged fails the ingest as a whole, and says so', async () => {
  await harness.db.query(`create table rooms (room int4range, n int primary key,
    exclude using gist (room with &&))`)
  const view = await ingest('rooms', 'room,n\n"[1,5)",1\n"[4,9)",2\n')
  expect(view).toMatchObject({ state: 'failed', error: { code: 'target_refused' } })
  expect(view.error?.message).toMatch(/rooms_room_excl.*cannot judge/)
  expect(await column('rooms', 'n')).toEqual([])
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
