/** Rows that find theirs in the target by a key: merge and insert. */
import { describe, expect, test } from 'vitest'
import { judged } from './judged.ts'

const { harness, ingest, rejects, mustAddUp } = await judged()

const rowsOf = async (table: string, order = '1') =>
  (await harness.db.query({ text: `select * from ${table} order by ${order}`, rowMode: 'array' }))
    .rows

const merge = (more = {}) => ({ target: { mode: 'merge' as const, key: ['id'], ...more } })

describe('merge', () => {
  test('inserts, updates what differs, and leaves the rest as it is', async () => {
    await harness.db.query(`create table people (id int primary key, name text, note text);
      insert into people select n, 'p' || n, 'kept' from generate_series(1, 5) n`)
    const xmins = () => harness.db.query('select id, xmin::text from people order by id')
    const before = (await xmins()).rows
    const view = await ingest('people', 'id,name\n1,p1\n2,new\n3,\n4,p4\n9,p9\n', merge())
    expect(view).toMatchObject({
      state: 'completed',
      rowsRead: 5,
      rowsLoaded: 5,
      rowsInserted: 1,
      rowsUpdated: 2,
      rowsUnchanged: 2,
      rowsDeleted: 0,
      rowsSuperseded: 0,
    })
    expect(await rowsOf('people')).toEqual([
      [1, 'p1', 'kept'],
      [2, 'new', 'kept'],
      [3, null, 'kept'],
      [4, 'p4', 'kept'],
      [5, 'p5', 'kept'],
      [9, 'p9', null],
    ])
    const after = (await xmins()).rows
    const changed = after.filter(({ id, xmin }) => before.find((b) => b.id === id)?.xmin !== xmin)
    expect(changed.map(({ id }) => id)).toEqual([2, 3, 9])
    await mustAddUp(view.ingestId)
  })

  test('the last row of a key wins, over units and files; a NULL key is a reject', async () => {
    const pad = 'x'.repeat(400)
    const first = Array.from({ length: 15_000 }, (_, n) => `${n},one ${pad}`)
    const second = ['7,two', ',no key', '8,two', '8,three']
    const view = await ingest(
      'last',
      [`id,v\n${first.join('\n')}\n7,again\n`, `id,v\n${second.join('\n')}\n`],
      merge(),
    )
    expect(view).toMatchObject({
      state: 'completed',
      rowsRead: 15_005,
      rowsLoaded: 15_000,
      rowsRejected: 1,
      rowsSuperseded: 4,
      rowsInserted: 15_000,
    })
    expect(await rejects(view.ingestId)).toEqual([[1, 3, '23502', null, 'id']])
    const { rows } = await harness.db.query(
      `select id, v from last where v not like 'one%' order by id`,
    )
    expect(rows).toEqual([
      { id: 7, v: 'two' },
      { id: 8, v: 'three' },
    ])
    const { rows: keys } = await harness.db.query(
      `select pg_get_constraintdef(oid) as def from pg_constraint where conrelid = 'last'::regclass and contype = 'p'`,
    )
    expect(keys).toEqual([{ def: 'PRIMARY KEY (id)' }])
    await mustAddUp(view.ingestId)
  })

  test('an older row never takes the place of a newer one, and NULL is the oldest', async () => {
    await harness.db.query(`create table dated (id int unique, v text, at date);
      insert into dated values (1, 'there', '2026-02-01'), (2, 'there', null),
        (3, 'there', '2026-02-01'), (4, 'there', '2026-02-01'), (5, 'there', null)`)
    const rows = [
      '1,old,2026-01-01',
      '2,dated,2026-01-01',
      '3,none,',
      '4,same day,2026-02-01',
      '5,null again,',
      '6,second,2026-03-02',
      '6,first,2026-03-01',
      '6,undated,',
    ]
    const options = merge({ orderBy: ['at'] })
    const view = await ingest('dated', `id,v,at\n${rows.join('\n')}\n`, options)
    expect(view).toMatchObject({
      rowsRead: 8,
      rowsLoaded: 4,
      rowsSuperseded: 4,
      rowsInserted: 1,
      rowsUpdated: 3,
    })
    expect((await rowsOf('dated')).map(([id, v]) => [id, v])).toEqual([
      [1, 'there'],
      [2, 'dated'],
      [3, 'there'],
      [4, 'same day'],
      [5, 'null again'],
      [6, 'second'],
    ])
    await mustAddUp(view.ingestId)
  })

  test('a marker deletes: a column that is only in the file, or a value of one', async () => {
    await harness.db.query(`create table marked (id int primary key, name text not null);
      insert into marked select n, 'there' from generate_series(1, 4) n`)
    const content = 'id,name,gone\n1,x,false\n2,,true\n8,,t\n3,,maybe\n9,new,\n'
    const view = await ingest('marked', content, merge({ deleteWhen: 'gone' }))
    expect(view.error).toBeNull()
    expect(view).toMatchObject({
      state: 'completed',
      rowsLoaded: 4,
      rowsRejected: 1,
      rowsInserted: 1,
      rowsUpdated: 1,
      rowsUnchanged: 1,
      rowsDeleted: 1,
    })
    expect(await rowsOf('marked')).toEqual([
      [1, 'x'],
      [3, 'there'],
      [4, 'there'],
      [9, 'new'],
    ])
    const second = await ingest(
      'marked',
      'op,id,name\nD,1,\nU,3,changed\n',
      merge({ deleteWhen: 'op=D' }),
    )
    expect(second).toMatchObject({ rowsUpdated: 1, rowsDeleted: 1, rowsInserted: 0 })
    const made = await ingest(
      'marked_new',
      'id,v,gone\n1,a,true\n2,b,false\n',
      merge({ deleteWhen: 'gone' }),
    )
    expect(made).toMatchObject({ rowsInserted: 1, rowsUnchanged: 1 })
    expect(await rowsOf('marked_new')).toEqual([[2, 'b']])
    for (const { ingestId } of [view, second, made]) await mustAddUp(ingestId)
  })

  test('a marker that the table has is of its type: what is neither true nor false is a reject', async () => {
    const content = 'id,gone\n1,false\n2,maybe\n3,true\n4,\n2,"o""dd"\n'
    const options = merge({ deleteWhen: 'gone', columns: { gone: 'text' } })
    const view = await ingest('marked_text', content, options)
    expect(view).toMatchObject({ state: 'completed', rowsLoaded: 3, rowsRejected: 2 })
    expect(await rowsOf('marked_text')).toEqual([
      [1, 'false'],
      [4, null],
    ])
    expect(await rejects(view.ingestId)).toEqual([
      [0, 3, '22P02', null, 'gone'],
      [0, 6, '22P02', null, 'gone'],
    ])
    const [, second] = await harness.rejects(view.ingestId)
    expect(second?.error).toBe(String.raw`not a valid boolean: "o\"dd"`)
    await mustAddUp(view.ingestId)
  })

  test('what breaks another constraint is a reject with its name', async () => {
    await harness.db.query(`create table users (id int primary key, mail text unique,
        age int check (age > 0), seen int not null default 7, check (seen < 10));
      insert into users values (1, 'a@x', 1, 9), (2, 'b@x', 2, 9)`)
    const rows = ['1,a@x,5', '2,a@x,3', '3,c@x,3', '4,c@x,3', '5,d@x,-1', '6,e@x,6']
    const view = await ingest('users', `id,mail,age\n${rows.join('\n')}\n`, merge())
    expect(view).toMatchObject({
      state: 'completed',
      rowsLoaded: 3,
      rowsInserted: 2,
      rowsUpdated: 1,
      rowsRejected: 3,
    })
    expect((await rejects(view.ingestId)).map(([, line, , name]) => [line, name])).toEqual([
      [3, 'users_mail_key'],
      [5, 'users_mail_key'],
      [6, 'users_age_check'],
    ])
    expect(await rowsOf('users')).toEqual([
      [1, 'a@x', 5, 9],
      [2, 'b@x', 2, 9],
      [3, 'c@x', 3, 7],
      [6, 'e@x', 6, 7],
    ])
    await mustAddUp(view.ingestId)
  })

  test('a column that only some files have stays as it is for the rows of the others', async () => {
    await harness.db.query(`create table parts (id int primary key, a text, b text default 'd');
      insert into parts values (1, 'a1', 'b1'), (2, 'a2', 'b2')`)
    const view = await ingest('parts', ['id,a,b\n1,A1,B1\n', 'id,a\n2,A2\n3,A3\n'], merge())
    expect(view).toMatchObject({ rowsUpdated: 2, rowsInserted: 1 })
    expect(await rowsOf('parts')).toEqual([
      [1, 'A1', 'B1'],
      [2, 'A2', 'b2'],
      [3, 'A3', 'd'],
    ])
  })

  test('values are the same only as they are stored', async () => {
    await harness.db.query(`create table stored ("The Key" int, "j""s" json, n numeric, p point, c text,
        unique ("The Key"));
      insert into stored values (1, '{"a":1}', 1.5, '(1,2)', 'x'), (2, null, 1.5, null, 'X')`)
    const content = 'The Key,"j""s",n,p,c\n1,"{""a"":1}",1.5,"(1,2)",x\n2,,1.50,,X\n'
    const view = await ingest('stored', content, merge({ key: ['The Key'] }))
    expect(view.error).toBeNull()
    expect(view).toMatchObject({ rowsUnchanged: 1, rowsUpdated: 1 })
  })

  test('a partitioned table, a generated column, an identity, and a trigger', async () => {
    await harness.db.query(`create table split (id int generated always as identity, day date,
        v text, upper_v text generated always as (upper(v)) stored, primary key (id, day))
        partition by range (day);
      create table split_1 partition of split for values from ('2026-01-01') to ('2026-02-01');
      create table split_2 partition of split for values from ('2026-02-01') to ('2026-03-01');
      insert into split overriding system value values (1, '2026-01-01', 'a'), (2, '2026-02-01', 'b')`)
    const options = merge({ key: ['id', 'day'] })
    const content = 'id,day,v\n1,2026-01-01,a\n2,2026-02-01,c\n3,2026-02-02,d\n4,2026-07-01,e\n'
    const view = await ingest('split', content, options)
    expect(view).toMatchObject({
      rowsInserted: 1,
      rowsUpdated: 1,
      rowsUnchanged: 1,
      rowsRejected: 1,
    })
    await harness.db.query(`create function skip_c() returns trigger language plpgsql as $$ begin
        if new.v = 'left out' then return null; end if; return new; end $$;
      create trigger skip before update on split for each row execute function skip_c()`)
    const again = await ingest(
      'split',
      'id,day,v\n1,2026-01-01,left out\n2,2026-02-01,c\n',
      options,
    )
    expect(again).toMatchObject({ state: 'failed', error: { code: 'target_refused' } })
    expect(again.error?.message).toContain('the trigger skip left out 1 row of 2')
    await mustAddUp(view.ingestId)
  })
})

describe('insert', () => {
  test('keeps the first, and never touches what is there', async () => {
    await harness.db.query(`create table kept (id int primary key, v text);
      insert into kept values (1, 'there')`)
    const target = { mode: 'insert' as const, key: ['id'] }
    const view = await ingest('kept', 'id,v\n1,x\n2,first\n2,second\n,none\n3,c\n', { target })
    expect(view).toMatchObject({
      state: 'completed',
      rowsLoaded: 2,
      rowsInserted: 2,
      rowsSkipped: 2,
      rowsRejected: 1,
    })
    expect(await rowsOf('kept')).toEqual([
      [1, 'there'],
      [2, 'first'],
      [3, 'c'],
    ])
    await mustAddUp(view.ingestId)
    const again = await ingest('kept', 'id,v\n1,x\n2,x\n3,x\n', { target })
    expect(again).toMatchObject({ rowsLoaded: 0, rowsSkipped: 3, rowsInserted: 0 })
  })
})

describe('what a mode needs', () => {
  test('the errors say what to do', async () => {
    await harness.db.query(`create table plain ("Id" int, v text, gone int);
      create unique index on plain ("Id") where v <> '';
      alter table plain add constraint late unique ("Id") deferrable`)
    const errorOf = async (content: string, target: object) => {
      const { error } = await ingest('plain', content, { target: { mode: 'merge', ...target } })
      return [error?.code, error?.message, error?.hint]
    }
    const noIndex = await errorOf('Id,v\n1,x\n', { key: ['Id'] })
    expect(noIndex[0]).toBe('key_not_unique')
    expect(noIndex[2]).toContain('create unique index on "public"."plain" ("Id")')
    const noColumn = await errorOf('Id,v\n1,x\n', { key: ['id'] })
    expect(noColumn).toEqual([
      'mode_column_missing',
      'The table public.plain has no column id, which `--key` names.',
      expect.stringContaining('Id, v, gone'),
    ])
    await harness.db.query('alter table plain add primary key ("Id")')
    const noField = await errorOf('v,gone\nx,1\n', { key: ['Id'] })
    expect(noField[0]).toBe('column_missing')
    const noMarker = await errorOf('Id,v\n1,x\n', { key: ['Id'], deleteWhen: 'op=D' })
    expect(noMarker[0]).toBe('mode_column_missing')
    expect(noMarker[1]).toContain('plain-0.csv has no column op, which `--delete-when` names')
  })
})
