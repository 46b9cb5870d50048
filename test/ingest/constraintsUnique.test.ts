/** Rows whose key is there already: in the target, in the file, in another unit. */
import { describe, expect, test } from 'vitest'
import { judged } from './judged.ts'

const { harness, ingest, rejects, column, mustAddUp } = await judged()

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

  test('a row that a trigger refuses is found behind rows that were skipped', async () => {
    await harness.db.query(`create table watched (a int primary key, b text);
      insert into watched values (2, 'there');
      create function watched_look() returns trigger language plpgsql as $$ begin
        if new.b = 'bad' then raise exception 'not so'; end if; return new; end $$;
      create trigger watch before insert on watched for each row execute function watched_look()`)
    const content = 'a,b\n2,x\n1,x\n2,y\n3,bad\n4,z\n'
    const view = await ingest('watched', content, { target: { unique: 'skip' } })
    expect(view).toMatchObject({ rowsLoaded: 2, rowsSkipped: 2, rowsRejected: 1 })
    expect((await rejects(view.ingestId)).map(([, line, code]) => [line, code])).toEqual([
      [5, 'P0001'],
    ])
    expect(await column('watched', 'b')).toEqual(['there', 'x', 'z'])
    await mustAddUp(view.ingestId)
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
