/** history: each version of a row stays, with the time in which it was valid. */
import { describe, expect, test } from 'vitest'
import { checkSpec } from '../../src/spec/checkSpec.ts'
import { retryAll } from '../retry.ts'
import { judged } from './judged.ts'

const { harness, ingest, rejects, mustAddUp } = await judged()

const history = (more = {}) => ({ target: { mode: 'history' as const, key: ['id'], ...more } })
const retiring = history({ retireAbsent: true, maxDeletes: '100%' })

const rowsOf = async (sql: string) => (await harness.db.query({ text: sql, rowMode: 'array' })).rows

/** The periods of a table whose times are days of January: [key, value, from, to, current]. */
const daysOf = (table: string, value = 'v') =>
  rowsOf(`select id, ${value}, extract(day from valid_from)::int, extract(day from valid_to)::int, is_current
    from ${table} order by id, valid_from`)

test('a row that changed ends its period, and begins another one', async () => {
  const state = () =>
    rowsOf(`select id, v, is_current, xmin::text, valid_to is null as open,
      valid_from = lag(valid_to) over (partition by id order by valid_from) as follows
      from people order by id, valid_from`)
  const first = await ingest('people', 'id,v\n1,a\n2,b\n3,c\n3,C\n', history())
  expect(first).toMatchObject({
    ...{ error: null, rowsLoaded: 3, rowsInserted: 3, rowsSuperseded: 1, rowsUpdated: 0 },
  })
  const [one, , three] = await state()
  const second = await ingest('people', 'id,v\n1,a\n2,B\n4,d\n', history())
  expect(second).toMatchObject({
    ...{ error: null, rowsInserted: 1, rowsUpdated: 1, rowsUnchanged: 1, rowsDeleted: 0 },
  })
  // What is the same, and what the files do not have, is not written.
  expect(
    (await state()).map(([id, v, current, , open, follows]) => [id, v, current, open, follows]),
  ).toEqual([
    [1, 'a', true, true, null],
    [2, 'b', false, false, null],
    [2, 'B', true, true, true],
    [3, 'C', true, true, null],
    [4, 'd', true, true, null],
  ])
  expect([(await state())[0], (await state())[3]]).toEqual([one, three])
  const third = await ingest('people', 'id,v\n1,a\n4,d\n', retiring)
  expect(third).toMatchObject({ error: null, rowsUnchanged: 2, rowsDeleted: 2, rowsLoaded: 2 })
  // A row that returns begins a period of its own, though it is the same as before.
  const fourth = await ingest('people', 'id,v\n3,C\n', history())
  expect(fourth).toMatchObject({ error: null, rowsInserted: 1, rowsUpdated: 0 })
  expect((await state()).map(([id, v, current, , , follows]) => [id, v, current, follows])).toEqual(
    [
      [1, 'a', true, null],
      [2, 'b', false, null],
      [2, 'B', false, true],
      [3, 'C', false, null],
      [3, 'C', true, false],
      [4, 'd', true, null],
    ],
  )
  for (const { ingestId } of [first, second, third, fourth]) await mustAddUp(ingestId)
  const indexes = await rowsOf(
    `select indexdef from pg_indexes where tablename = 'people' order by indexdef`,
  )
  expect(indexes.flat().map((def) => def.replace(/^.* USING btree /, ''))).toEqual([
    '(id) WHERE is_current',
    '(id, valid_from)',
  ])
})

describe('--valid-from', () => {
  const changes = history({ validFrom: 'at', orderBy: ['no'], deleteWhen: 'op=D' })

  test('each version gets a period, in the order of its time', async () => {
    const lines = [
      '1,b,2026-01-03,1,U',
      '1,a,2026-01-01,1,I',
      '1,late,2026-01-05,1,U',
      '1,c,2026-01-05,2,U',
      '2,x,2026-01-02,1,I',
      '2,,2026-01-04,1,D',
      '3,none,,1,I',
      '2,y,2026-01-08,1,I',
      '4,,2026-01-01,1,D',
    ]
    const view = await ingest('changes', `id,v,at,no,op\n${lines.join('\n')}\n`, changes)
    expect(view).toMatchObject({
      ...{ error: null, rowsRead: 9, rowsLoaded: 7, rowsRejected: 1, rowsSuperseded: 1 },
      ...{ rowsInserted: 3, rowsUpdated: 2, rowsUnchanged: 1, rowsDeleted: 1 },
    })
    expect(await rejects(view.ingestId)).toEqual([[0, 8, '23502', null, 'at']])
    await mustAddUp(view.ingestId)
    expect(await daysOf('changes')).toEqual([
      [1, 'a', 1, 3, false],
      [1, 'b', 3, 5, false],
      [1, 'c', 5, null, true],
      [2, 'x', 2, 4, false],
      [2, 'y', 8, null, true],
    ])
    const again = await ingest('changes', `id,v,at,no,op\n${lines.join('\n')}\n`, changes)
    expect(again).toMatchObject({
      ...{ error: null, rowsLoaded: 3, rowsUnchanged: 3, rowsSuperseded: 5, rowsRejected: 1 },
    })
    // In the place of what was valid for no time; older than what is there; and after an end.
    const more = ['1,C,2026-01-05,3,U', '2,old,2026-01-07,1,U', '2,,2026-01-08,2,D']
    const third = await ingest('changes', `id,v,at,no,op\n${more.join('\n')}\n`, changes)
    expect(third).toMatchObject({ error: null, rowsUpdated: 1, rowsSuperseded: 1, rowsDeleted: 1 })
    const back = await ingest('changes', 'id,v,at,no,op\n2,z,2026-01-08,3,I\n', changes)
    expect(back).toMatchObject({ error: null, rowsInserted: 1 })
    expect(await daysOf('changes')).toEqual([
      [1, 'a', 1, 3, false],
      [1, 'b', 3, 5, false],
      [1, 'C', 5, null, true],
      [2, 'x', 2, 4, false],
      [2, 'z', 8, null, true],
    ])
    for (const { ingestId } of [again, third, back]) await mustAddUp(ingestId)
  })

  test('with all of the source, a row that returns begins anew, whatever its time', async () => {
    const snapshot = (...rows: string[]) =>
      ingest('snapshots', `id,v,at\n${rows.join('\n')}\n`, {
        target: { ...retiring.target, validFrom: 'at' },
      })
    await snapshot('1,a,2026-01-01', '2,b,2026-01-01')
    expect(await snapshot('1,a,2026-01-01')).toMatchObject({ rowsDeleted: 1, rowsUnchanged: 1 })
    expect(await snapshot('1,a,2026-01-01', '2,b,2026-01-01')).toMatchObject({ rowsInserted: 1 })
    expect(
      await rowsOf(`select id, is_current, valid_from > '2026-01-01' as later from snapshots
        order by id, valid_from`),
    ).toEqual([
      [1, true, false],
      [2, false, false],
      [2, true, true],
    ])
    // A change of before that publish, which the files did not have then, is newer all the same.
    expect(await snapshot('1,a,2026-01-01', '2,c,2026-01-02')).toMatchObject({
      ...{ error: null, rowsUpdated: 1, rowsUnchanged: 1, rowsSuperseded: 0 },
    })
  })

  test('names a date or a timestamp', async () => {
    const text = await ingest('timeless', 'id,at\n1,soon\n', history({ validFrom: 'at' }))
    expect(text.error).toMatchObject({ code: 'valid_from_not_time' })
    const missing = await ingest('timeless', 'id,v\n1,2\n', history({ validFrom: 'at' }))
    expect(missing.error?.message).toContain('has no column at, which `--valid-from` names')
  })
})

describe('a table that is there', () => {
  test('is made ready by the statements of the error', async () => {
    await harness.db.query(`create table ready (id int primary key, mail text, note text,
        no int generated always as identity);
      insert into ready values (1, 'a@x', 'kept'), (2, 'b@x', 'kept')`)
    const content = 'id,mail\n1,a@x\n2,B@x\n'
    const { error } = await ingest('ready', content, history())
    expect(error?.code).toBe('history_not_kept')
    const sql = /`(.*?)`/.exec(error?.hint ?? '')?.[1] ?? ''
    expect(sql).toContain('drop constraint "ready_pkey"')
    await harness.db.query(sql)
    await harness.db.query('create unique index on ready (mail) where is_current')
    const view = await ingest('ready', `${content}3,a@x\n`, history())
    expect(view).toMatchObject({
      ...{ error: null, rowsUpdated: 1, rowsUnchanged: 1, rowsRejected: 1, rowsInserted: 0 },
    })
    expect(await rejects(view.ingestId)).toEqual([[0, 4, '23505', 'ready_mail_idx', 'mail']])
    expect(await rowsOf('select id, mail, note, no, is_current from ready order by no')).toEqual([
      [1, 'a@x', 'kept', 1, true],
      [2, 'b@x', 'kept', 2, false],
      [2, 'B@x', 'kept', expect.any(Number), true],
    ])
    await mustAddUp(view.ingestId)
    // Its periods are no fields of a file, whether that has a header or not.
    const plain = await ingest('ready', '1,a@x,own,9\n', {
      ...history(),
      format: { kind: 'csv', header: false },
    })
    expect(plain).toMatchObject({ error: null, rowsUpdated: 1 })
    const inFile = await ingest('ready', 'id,mail,valid_from\n1,a@x,2026-01-01\n', history())
    expect(inFile.error).toMatchObject({ code: 'period_column_in_file' })
  })

  test('may have its periods in other columns, and triggers that refuse rows', async () => {
    await harness.db.query(`create table named ("Id" int, v text check (v <> 'bad'),
        since date, "Until" date, live bool, primary key ("Id", since));
      create unique index on named ("Id") where live;
      insert into named values (1, 'a', '2026-01-01', null, true), (2, 'locked', '2026-01-01', null, true);
      create function locked() returns trigger language plpgsql as $$ begin
        if old.v = 'locked' then raise 'it is locked'; end if; return new; end $$;
      create trigger locked before update on named for each row execute function locked()`)
    const options = history({ key: ['Id'], periodColumns: ['since', 'Until', 'live'] })
    const lines = ['1,b', '2,c', '3,bad', '4,d']
    const view = await ingest('named', `Id,v\n${lines.join('\n')}\n`, options)
    expect(view).toMatchObject({
      ...{ error: null, rowsUpdated: 1, rowsInserted: 1, rowsRejected: 2 },
    })
    expect((await rejects(view.ingestId)).map(([, line, , name]) => [line, name])).toEqual([
      [3, null],
      [4, 'named_v_check'],
    ])
    // A day is the least that it can tell: what changes twice in one has its last value.
    const same = await ingest('named', 'Id,v\n1,B\n', options)
    expect(same).toMatchObject({ error: null, rowsUpdated: 1 })
    expect(
      await rowsOf(`select "Id", v, since = current_date, "Until" = current_date, live
        from named order by 1, since`),
    ).toEqual([
      [1, 'a', false, true, false],
      [1, 'B', true, null, true],
      [2, 'locked', false, null, true],
      [4, 'd', true, null, true],
    ])
    for (const { ingestId } of [view, same]) await mustAddUp(ingestId)
  })
})

test('what is absent is retired within a scope, and no more than is allowed', async () => {
  const rows = ['1,EU', '2,EU', '3,US', '4,US']
  await ingest('scoped', `id,region\n${rows.join('\n')}\n`, history())
  const scoped = (more: object) =>
    ingest(
      'scoped',
      'id,region\n1,EU\n',
      history({ retireAbsent: true, scope: `region = 'EU'`, ...more }),
    )
  const over = await scoped({})
  expect(over.error?.message).toContain('1 of 2 rows of public.scoped in scope')
  expect(over.error?.message).toContain('would be retired; 10% may be')
  expect(await scoped({ maxDeletes: 1 })).toMatchObject({ error: null, rowsDeleted: 1 })
  expect(await scoped({ maxDeletes: 0 })).toMatchObject({ error: null, rowsDeleted: 0 })
  expect(await rowsOf('select id, is_current from scoped order by 1')).toEqual([
    ...[
      [1, true],
      [2, false],
      [3, true],
      [4, true],
    ],
  ])
})

test('a retry goes through the mode', async () => {
  const options = history({ validFrom: 'at' })
  await ingest('again', 'id,v,at\n1,1,2026-01-05\n2,1,2026-01-05\n', options)
  const view = await ingest('again', 'id,v,at\n1,x,2026-01-06\n2,y,2026-01-04\n', options)
  expect(view).toMatchObject({ rowsLoaded: 0, rowsRejected: 2 })
  const fixed = ['1,2,2026-01-06', '2,2,2026-01-04'].map(
    (raw, at) => `${harness.folder}/again-0.csv,${at + 2},"${raw}"`,
  )
  const retried = await retryAll(harness, view.ingestId, `file,line,raw\n${fixed.join('\n')}\n`)
  expect(retried).toMatchObject({ rowsLoaded: 1, rowsOpen: 1 })
  expect(await daysOf('again')).toEqual([
    [1, 1, 5, 6, false],
    [1, 2, 6, null, true],
    [2, 1, 5, null, true],
  ])
  const [open] = await harness.rejects(view.ingestId)
  expect(open?.code).toBe('row_superseded')
})

test('a spec that cannot be meant is refused', () => {
  const source = { kind: 'directory' as const, path: '/data' }
  const problem = (more: object, also: object = {}) => {
    try {
      checkSpec({ source, target: { table: 't', ...history(more).target }, ...also })
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }
  const all = { retireAbsent: true }
  expect(problem({ validFrom: 'at', deleteWhen: 'op=D', ...all, scope: 'true' })).toBe('')
  expect(problem({ validFrom: 'id' })).toContain('is of the key')
  expect(problem({ scope: 'true' })).toContain('without target.retireAbsent (`--retire-absent`)')
  expect(problem({ maxDeletes: 1 })).toContain('without target.retireAbsent')
  expect(problem({ orderBy: ['valid_from'] })).toContain('`--order-by` names it')
  expect(problem({ validFrom: 'at', deleteWhen: 'at' })).toContain('name the same column')
  expect(problem({ softDelete: 'gone' })).toContain('is for the mode sync')
  expect(problem({ mode: 'merge', validFrom: 'at' })).toContain('is for the mode history')
  const old = { source: { ...source, newerThan: '1d' } }
  expect(problem(all, old)).toContain('the mode history retires')
  expect(problem({}, old)).toBe('')
})
