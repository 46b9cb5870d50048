/** Rejects are loaded again, as they are or corrected, and every one of them once. */
import { expect, test } from 'vitest'
import { type Retried, retryWorkflowId } from '../../src/domain/retry.ts'
import { eachReject } from '../../src/postgres/ledger/rejects.ts'
import { csvOf } from '../../src/rejects/export.ts'
import { failureOf } from '../../src/temporal/retries.ts'
import { anyRejects, build } from '../harness.ts'
import { recordHistory } from '../replay/record.ts'
import { beginRetry, retryAll } from '../retry.ts'

const harness = await build(anyRejects)
await harness.startWorker()

const retry = (ingestId: string, corrected?: string): Promise<Retried> =>
  retryAll(harness, ingestId, corrected)

async function failure(ingestId: string, corrected?: string) {
  return failureOf(harness.client, retryWorkflowId(await beginRetry(harness, ingestId, corrected)))
}

async function exported(ingestId: string): Promise<string> {
  let text = ''
  for await (const piece of csvOf(eachReject(harness.db, ingestId))) text += piece
  return text
}

/** The table, the ingest, its units and its rejects say the same. */
async function account(ingestId: string, table: string) {
  const { rows } = await harness.db.query(
    `select (select count(*) from ${table}) as rows, i.rows_loaded as loaded,
            i.rows_rejected as rejected,
            (select array[sum(rows_read), sum(rows_loaded), sum(rows_rejected)]::int[]
             from sluice.units where ingest_id = $1) as receipts,
            (select count(*) from sluice.rejects
             where ingest_id = $1 and loaded_at is null) as open,
            (select count(*) from sluice.rejects
             where ingest_id = $1 and loaded_at is not null and retry_id is not null) as after
     from sluice.ingests i where ingest_id = $1`,
    [ingestId],
  )
  return rows[0]
}

test('as they are, after the table was changed', async () => {
  await harness.db.query('create table later (id int, price numeric check (price > 0))')
  const lines = ['id,price', '1,1.5', 'x,2', '3,-1', '4,4', '5,5,5']
  const path = await harness.file('later.csv', lines.join('\n'))
  const view = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'later', atomic: false },
  })
  const { ingestId } = view
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2, rowsRejected: 3 })
  expect(await retry(ingestId)).toEqual({
    rowsTried: 3,
    rowsLoaded: 0,
    rowsRejected: 3,
    rowsOpen: 3,
  })
  await harness.db.query('alter table later alter id type text, drop constraint later_price_check')
  expect(await retry(ingestId)).toEqual({
    rowsTried: 3,
    rowsLoaded: 2,
    rowsRejected: 1,
    rowsOpen: 1,
  })
  const { rows } = await harness.db.query('select id, price::text from later order by id')
  expect(rows.map((row) => Object.values(row).join())).toEqual(['1,1.5', '3,-1', '4,4', 'x,2'])
  expect(await account(ingestId, 'later')).toEqual({
    rows: 4,
    loaded: 4,
    rejected: 1,
    receipts: [5, 4, 1],
    open: 1,
    after: 2,
  })
  expect(await harness.rejects(ingestId)).toMatchObject([
    { line: 6, code: 'wrong_column_count', retryId: 'retry-2', loadedAt: null },
  ])
  expect(await harness.ended(ingestId)).toMatchObject({
    rowsReloaded: 2,
    rowsLoaded: 4,
    rowsRejected: 1,
  })
  await recordHistory(harness.client, `${ingestId}.retry-2`, 'retried')
})

test('corrected: by file and line, what is left out stays, what is wrong says why anew', async () => {
  await harness.db.query('create table fixed (id int primary key, note text, day date)')
  const one = ['id,note,day', '1,a,2024-01-01', 'x,"b, ""c""\nd",2024-01-02', '3,c,never']
  const two = ['day,id', '2024-02-01,1', '2024-02-30,5', '2024-02-03,six', '2024-02-04', 'x,y']
  const path = [
    await harness.file('fixed-1.csv', one.join('\r\n')),
    await harness.file('fixed-2.csv', `${two.join('\n')}\n`),
  ]
  const { ingestId, ...view } = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'fixed', atomic: false },
    // Two units want one key: the first one shall have it.
    parallelism: 1,
  })
  expect(view).toMatchObject({ state: 'completed', rowsRead: 8, rowsLoaded: 1, rowsRejected: 7 })
  const csv = await exported(ingestId)
  const corrected = csv
    .replace('"x,""b, ', '"2,""b, ') // loaded
    .replace('"3,c,never"', '"1,c,2024-01-03"') // the key is there
    .replace('"2024-02-30,5"', '"2024-02-29,5"') // loaded
    .replace('"2024-02-03,six"', '"2024-02-03,6\n2024-02-03,7"') // two records
    .replace(/raw\r\n.*"2024-02-04"/, 'raw') // as it was
    .replace('"x,y"', '"2024-02-05,8,9"') // too wide
  const lines = corrected.split('\r\n').filter((line) => !line.includes('2024-02-01,1'))
  const retried = await retry(ingestId, `\ufeff${lines.join('\r\n')}`)
  expect(retried).toEqual({ rowsTried: 6, rowsLoaded: 2, rowsRejected: 4, rowsOpen: 5 })
  const { rows } = await harness.db.query('select id, note, day::text from fixed order by id')
  expect(rows).toEqual([
    { id: 1, note: 'a', day: '2024-01-01' },
    { id: 2, note: 'b, "c"\nd', day: '2024-01-02' },
    { id: 5, note: null, day: '2024-02-29' },
  ])
  const rejects = await harness.rejects(ingestId)
  const open = rejects.map(({ fileNo, line, code, raw }) => [fileNo, line, code, raw])
  expect(open).toEqual([
    [0, 5, '23505', '1,c,2024-01-03'],
    [1, 2, '23505', '2024-02-01,1'],
    [1, 4, 'not_one_record', '2024-02-03,6\n2024-02-03,7'],
    [1, 5, 'wrong_column_count', '2024-02-04'],
    [1, 6, 'wrong_column_count', '2024-02-05,8,9'],
  ])
  expect(await account(ingestId, 'fixed')).toMatchObject({
    rows: 3,
    loaded: 3,
    rejected: 5,
    receipts: [8, 3, 5],
    after: 2,
  })
  // Once more, with a spreadsheet's delimiter and columns in another order.
  const name = path[1]
  const again = `raw;line;file\n2024-02-03,6;4;${name}\n2024-02-04,7;5;${name}\n`
  expect(await retry(ingestId, again)).toMatchObject({ rowsLoaded: 2, rowsOpen: 3 })
  expect(await account(ingestId, 'fixed')).toMatchObject({ rows: 5, loaded: 5, after: 4 })
})

test('a foreign key and a trigger cost the rows that they are about', async () => {
  await harness.db.query(`create table parents (id int primary key);
    insert into parents select generate_series(0, 99);
    create table children (id int, parent int references parents deferrable initially deferred);
    create function odd() returns trigger language plpgsql as
      $$ begin if new.id = 13 then raise exception 'not 13'; end if; return new; end $$;
    create trigger odd before insert on children for each row execute function odd()`)
  const rows = Array.from({ length: 300 }, (_, n) => `x${n},${n % 110}`)
  const path = await harness.file('children.csv', ['id,parent', '1,1', ...rows].join('\n'))
  const { ingestId } = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'children' },
  })
  const corrected = (await exported(ingestId)).replaceAll(/"x(\d+),/g, '"$1,')
  const orphans = Array.from({ length: 300 }, (_, n) => n).filter((n) => n % 110 >= 100).length
  expect(await retry(ingestId, corrected)).toMatchObject({
    rowsTried: 300,
    rowsRejected: orphans + 1,
  })
  const rejects = await harness.rejects(ingestId)
  expect(rejects.filter(({ code }) => code === '23503').length).toBe(orphans)
  expect(rejects.find(({ raw }) => raw.startsWith('13,'))).toMatchObject({
    code: 'P0001',
    error: 'not 13 (trigger odd)',
  })
  const found = await harness.db.query(
    'select count(*) as rows, count(distinct id) as ids from children',
  )
  expect(found.rows[0]).toEqual({ rows: 300 - orphans, ids: 299 - orphans })
})

test('bytes that are no text, and records that are cut, are not taken for what is shown', async () => {
  await harness.db.query('create table bytes (note text)')
  const bad = Buffer.concat([
    Buffer.from('note\ngood\nbad '),
    Buffer.from([0xff]),
    Buffer.from('\n"open\n'),
  ])
  const path = await harness.file('bytes.csv', bad)
  const { ingestId } = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'bytes' },
  })
  expect((await harness.rejects(ingestId)).map(({ code }) => code)).toEqual([
    'invalid_utf8',
    'quote_not_closed',
  ])
  expect(await retry(ingestId, await exported(ingestId))).toMatchObject({
    rowsLoaded: 0,
    rowsRejected: 2,
  })
  const raw = await harness.db.query(
    'select raw_bytes from sluice.rejects where ingest_id = $1 and line = 3',
    [ingestId],
  )
  expect(raw.rows[0].raw_bytes).toEqual(Buffer.from([...Buffer.from('bad '), 0xff]))
  const corrected = (await exported(ingestId))
    .replace('bad \ufffd', 'bad no more')
    .replace('"""open"', 'closed')
  expect(await retry(ingestId, corrected)).toMatchObject({ rowsLoaded: 2, rowsOpen: 0 })
  const { rows } = await harness.db.query('select note from bytes order by 1')
  expect(rows.map(({ note }) => note)).toEqual(['bad no more', 'closed', 'good'])
})

test('many, page by page', async () => {
  await harness.db.query('create table lots (n int)')
  const rows = Array.from({ length: 30_000 }, (_, n) => (n % 3 ? `x${n}` : n))
  const path = await harness.file('lots.csv', `n\n${rows.join('\n')}\n`)
  const { ingestId } = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'lots' },
  })
  const corrected = (await exported(ingestId)).replaceAll(/,x(\d+)\r/g, ',$1\r')
  expect(await retry(ingestId, corrected)).toMatchObject({ rowsLoaded: 20_000, rowsOpen: 0 })
  const found = await harness.db.query(
    'select count(*) as rows, count(distinct n) as ids from lots',
  )
  expect(found.rows[0]).toEqual({ rows: 30_000, ids: 30_000 })
})

test('what cannot be retried is refused, and nothing is loaded', async () => {
  await harness.db.query('create table refused (a int, b int)')
  const path = await harness.file('refused.csv', 'a,b\n1,1\nx,2\n3,y\n')
  const spec = { source: { kind: 'directory' as const, path }, target: { table: 'refused' } }
  const { ingestId } = await harness.ingest(spec)
  const line = (no: number) => `${path},${no},"7,7"`
  const head = 'file,line,raw'
  const codes = [
    ['corrections_invalid', 'file,line\n', 'lacks raw'],
    ['corrections_invalid', `${head}\n`, 'no rows'],
    ['corrections_invalid', `${head}\n${path},three,1\n`, 'line 2 has no line number'],
    ['corrections_invalid', `${head}\n${path},3,"1\n`, 'line 2 never closes'],
    ['correction_unknown', `${head}\n${line(3)}\nelse.csv,4,"7,7"\n`, 'Line 3 of'],
    ['correction_unknown', `${head}\n${line(3)}\n${line(2)}\n`, 'Line 3 of'],
    ['correction_unknown', `${head}\n${line(3)}\n${line(3)}\n`, 'named twice'],
  ] as const
  for (const [code, corrected, words] of codes) {
    const error = await failure(ingestId, corrected)
    expect([error?.code, error?.message]).toEqual([code, expect.stringContaining(words)])
  }
  await harness.db.query('alter table refused rename b to c')
  expect(await failure(ingestId)).toMatchObject({ code: 'target_changed' })
  await harness.db.query('drop table refused')
  expect(await failure(ingestId)).toMatchObject({ code: 'target_changed' })
  await harness.db.query('create table refused (a text, b text)')
  expect(await harness.rejects(ingestId)).toMatchObject([{ raw: 'x,2' }, { raw: '3,y' }])
  expect(await retry(ingestId)).toMatchObject({ rowsLoaded: 2, rowsOpen: 0 })
  expect(await failure(ingestId)).toMatchObject({ code: 'rejects_none_open' })
  const failed = await harness.ingest({ ...spec, target: { table: 'none' }, rejects: { max: 0 } })
  expect(failed.state).toBe('completed')
  await harness.db.query('create table strict (a int, b int)')
  const strict = await harness.ingest({ ...spec, target: { table: 'strict' }, rejects: { max: 0 } })
  expect(await failure(strict.ingestId)).toMatchObject({ code: 'retry_unpublished' })
})

test('text that ragged trim drops is counted, whenever its row is loaded', async () => {
  const told = async (ingestId: string) =>
    (await harness.ended(ingestId)).notes.find(({ code }) => code === 'text_trimmed')?.count
  const text = 'id,a\n1,x,one\n2,y\n3,z,three,3\nbad,w,four\n5,v,five\n'
  const path = await harness.file('trimmed.csv', text)
  const source = { kind: 'directory', path } as const
  const format = { ragged: 'trim' } as const
  await harness.db.query('create table trimmed (id int, a text check (a <> $$v$$))')
  const { ingestId } = await harness.ingest({ source, format, target: { table: 'trimmed' } })
  // Row 4 is no number, and row 5 breaks a constraint: both are kept whole as rejects.
  expect(await told(ingestId)).toBe(2)
  await harness.db.query('alter table trimmed drop constraint trimmed_a_check')
  await retry(ingestId)
  expect(await told(ingestId)).toBe(3)
  const corrected = (await exported(ingestId)).replace('bad,w', '4,w')
  expect(await retry(ingestId, corrected)).toMatchObject({ rowsLoaded: 1, rowsOpen: 0 })
  expect(await told(ingestId)).toBe(4)
  expect(await account(ingestId, 'trimmed')).toMatchObject({ rows: 5, loaded: 5, rejected: 0 })
})
