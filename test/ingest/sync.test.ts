/** sync: the table has what the files have, within a scope, and never loses more than is allowed. */
import { describe, expect, test } from 'vitest'
import { checkSpec } from '../../src/spec/checkSpec.ts'
import { retryAll } from '../retry.ts'
import { judged } from './judged.ts'

const { harness, ingest, mustAddUp } = await judged()

const sync = (more = {}) => ({ target: { mode: 'sync' as const, key: ['id'], ...more } })
const all = { maxDeletes: '100%' }

const rowsOf = async (table: string, columns = '*') =>
  (await harness.db.query({ text: `select ${columns} from ${table} order by 1`, rowMode: 'array' }))
    .rows

/** A table with ten rows, of two regions. */
const ten = (table: string, more = '') =>
  harness.db.query(`create table ${table} (id int primary key, region text, v text ${more});
    insert into ${table} select n, case when n <= 5 then 'EU' else 'US' end, 'v' || n
    from generate_series(1, 10) n`)

const csv = (...rows: string[]) => `id,region,v\n${rows.join('\n')}\n`
const eu = ['1,EU,v1', '2,EU,v2', '3,EU,v3', '4,EU,v4', '5,EU,v5']
const us = ['6,US,v6', '7,US,v7', '8,US,v8', '9,US,v9', '10,US,v10']

describe('what the files do not have', () => {
  test('is deleted, and the rest is merged', async () => {
    await ten('plain')
    const content = csv('1,EU,new', '1,EU,newer', ...eu.slice(1), ...us.slice(1), '11,EU,v11')
    const view = await ingest('plain', content, sync())
    expect(view).toMatchObject({
      ...{ error: null, rowsRead: 11, rowsLoaded: 10, rowsSuperseded: 1, rowsRejected: 0 },
      ...{ rowsInserted: 1, rowsUpdated: 1, rowsUnchanged: 8, rowsDeleted: 1 },
    })
    await mustAddUp(view.ingestId)
    const now = await rowsOf('plain', 'id, v')
    expect(now.map(([id]) => id)).toEqual([1, 2, 3, 4, 5, 7, 8, 9, 10, 11])
    expect(now[0]).toEqual([1, 'newer'])
  })

  test('is kept when it is too much, and the error says what to do', async () => {
    await ten('kept')
    const { error, rowsDeleted } = await ingest('kept', csv(...eu), sync())
    expect(error).toMatchObject({ code: 'deletes_over_max' })
    expect(error?.message).toBe(
      '5 of 10 rows of public.kept are not in the files, and would be deleted; 10% may be deleted at most.',
    )
    expect(error?.hint).toContain('`--max-deletes 5`')
    expect(rowsDeleted ?? 0).toBe(0)
    expect(await rowsOf('kept')).toHaveLength(10)
    expect((await ingest('kept', csv(...eu), sync({ maxDeletes: 4 }))).error?.code).toBe(
      'deletes_over_max',
    )
    expect(await ingest('kept', csv(...eu), sync({ maxDeletes: 5 }))).toMatchObject({
      ...{ error: null, rowsDeleted: 5, rowsUnchanged: 5 },
    })
    // Without a record there is nothing that the table would keep.
    expect((await ingest('kept', 'id,region,v\n', sync())).error?.message).toContain('5 of 5 rows')
    expect((await ingest('kept', '', sync())).error?.message).toContain('5 of 5 rows')
    const emptied = await ingest('kept', 'id,region,v\n', sync(all))
    expect(emptied).toMatchObject({ error: null, rowsLoaded: 0, rowsDeleted: 5 })
    expect(await ingest('kept', 'id,region,v\n', sync())).toMatchObject({
      ...{ error: null, rowsDeleted: 0 },
    })
  })

  test('stays as long as the keys of rejects are not known', async () => {
    await harness.db.query(`create table unsure (id int primary key, n int);
      insert into unsure values (1, 1), (2, 2), (3, 3)`)
    const view = await ingest('unsure', 'id,n\n1,10\n2,x\n', sync(all))
    expect(view).toMatchObject({ error: null, rowsUpdated: 1, rowsRejected: 1, rowsDeleted: 0 })
    const [note] = view.notes.filter(({ code }) => code === 'deletes_held_back')
    expect(note).toMatchObject({
      count: 2,
      message: expect.stringContaining('2 of them: 1 record had been rejected'),
    })
    const keyless = await ingest('unsure', 'id,n\n1,10\n,5\n', sync(all))
    expect(keyless).toMatchObject({ rowsRejected: 1, rowsDeleted: 0, error: null })
    expect(await rowsOf('unsure')).toEqual([
      [1, 10],
      [2, 2],
      [3, 3],
    ])
    // A retry brings its rows, and takes none away.
    const fixed = `file,line,raw\n${harness.folder}/unsure-0.csv,3,"4,5"\n`
    expect(await retryAll(harness, keyless.ingestId, fixed)).toMatchObject({ rowsLoaded: 1 })
    expect(await rowsOf('unsure')).toEqual([
      [1, 10],
      [2, 2],
      [3, 3],
      [4, 5],
    ])
  })

  test('a row that breaks a constraint is in the files all the same', async () => {
    await harness.db.query(`create table bound (id int primary key, n int check (n < 5), u text unique);
      insert into bound values (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c')`)
    // The value of a row that goes is free, whether others are refused or not.
    const view = await ingest('bound', 'id,n,u\n1,1,c\n2,9,b\n', sync(all))
    expect(view).toMatchObject({ error: null, rowsUpdated: 1, rowsRejected: 1, rowsDeleted: 1 })
    await mustAddUp(view.ingestId)
    expect(await rowsOf('bound')).toEqual([
      [1, 1, 'c'],
      [2, 2, 'b'],
    ])
  })

  test('is an error when other tables refer to it', async () => {
    await ten('parent')
    await harness.db.query(
      'create table child (p int references parent); insert into child values (6)',
    )
    const { error } = await ingest('parent', csv(...eu, ...us.slice(1)), sync())
    expect(error?.code).toBe('target_refused')
    expect(error?.message).toContain('rows that the files do not have cannot be deleted')
    expect(await rowsOf('parent')).toHaveLength(10)
  })
})

describe('a scope', () => {
  test('bounds what is deleted, and not what is merged', async () => {
    await ten('scoped')
    const scope = `region = 'EU' -- and no more`
    const content = csv(...eu.slice(1), '6,US,changed', '12,US,new')
    expect((await ingest('scoped', content, sync({ scope }))).error?.message).toContain(
      '1 of 5 rows of public.scoped in scope',
    )
    const view = await ingest('scoped', content, sync({ scope, maxDeletes: '20%' }))
    expect(view).toMatchObject({ error: null, rowsDeleted: 1, rowsUpdated: 1, rowsInserted: 1 })
    const ids = (await rowsOf('scoped', 'id')).flat()
    expect(ids).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 12])
  })

  test('is looked through before anything is read, also for a new table', async () => {
    await ten('guarded')
    const refused = async (scope: string, table = 'guarded') => {
      const { error, rowsRead } = await ingest(table, csv(...eu), sync({ scope, ...all }))
      expect([error?.code, rowsRead ?? 0], scope).toEqual(['sql_refused', 0])
    }
    await refused('id in (select id from sluice.ingests)')
    await refused('true) union select id from guarded where (true')
    await refused('true); delete from guarded; --')
    await refused(`pg_read_file('/etc/passwd') <> ''`)
    await refused('nowhere = 1')
    await refused('nowhere = 1', 'guarded_new')
    expect(await rowsOf('guarded')).toHaveLength(10)
    const { error } = await ingest('guarded', csv(...eu), sync({ scope: '1 / (id - 7) = 0' }))
    expect([error?.code, error?.message]).toEqual([
      'sql_refused',
      expect.stringContaining('division by zero'),
    ])
  })
})

describe('a column that marks deleted rows', () => {
  test.each([
    ['timestamptz', 'deleted_at is not null'],
    ['boolean not null default false', 'deleted_at'],
  ])('of type %s', async (type, isDeleted) => {
    const table = `soft_${type.slice(0, 4)}`
    await ten(table, `, deleted_at ${type}`)
    const soft = sync({ softDelete: 'deleted_at', ...all })
    const view = await ingest(table, csv(...eu), soft)
    expect(view).toMatchObject({ error: null, rowsDeleted: 5, rowsUnchanged: 5 })
    const gone = async () => (await rowsOf(table, `id, ${isDeleted}`)).filter(([, is]) => is).length
    expect(await gone()).toBe(5)
    // What is deleted is not deleted again, and is no row in scope.
    const back = csv(...eu.slice(1), '6,US,v6', '7,US,new', '11,EU,v11')
    const strict = await ingest(table, back, sync({ softDelete: 'deleted_at' }))
    expect(strict.error?.message).toContain('1 of 5 rows')
    expect(await ingest(table, back, soft)).toMatchObject({
      ...{ error: null, rowsDeleted: 1, rowsUpdated: 2, rowsInserted: 1, rowsUnchanged: 4 },
    })
    expect(await gone()).toBe(4)
    expect(await rowsOf(table, 'count(*)')).toEqual([[11]])
  })

  test('is made with a new table, and is not in the files', async () => {
    const soft = sync({ softDelete: 'gone_at', ...all })
    expect(await ingest('soft_new', csv(...eu), soft)).toMatchObject({ error: null, rowsLoaded: 5 })
    const view = await ingest('soft_new', csv(...eu.slice(1)), soft)
    expect(view).toMatchObject({ error: null, rowsDeleted: 1, rowsUnchanged: 4 })
    expect(await rowsOf('soft_new', 'id, gone_at is null').then((rows) => rows[0])).toEqual([
      ...[1, false],
    ])
    const inFile = await ingest('soft_new', 'id,gone_at\n1,\n', soft)
    expect(inFile.error?.code).toBe('soft_delete_in_file')
    await ten('soft_not')
    const other = await ingest('soft_not', csv(...eu), sync({ softDelete: 'v' }))
    expect(other.error?.message).toContain('v is text')
    const none = await ingest('soft_not', csv(...eu), sync({ softDelete: 'w' }))
    expect(none.error?.code).toBe('mode_column_missing')
  })
})

test('a spec that reads a part of the files is refused', () => {
  const target = { table: 't', ...sync().target }
  const source = { kind: 'directory' as const, path: '/data' }
  const problem = (more: object) => {
    try {
      checkSpec({ source, target, ...more })
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }
  expect(problem({})).toBe('')
  expect(problem({ source: { ...source, exclude: ['*.tmp'] } })).toBe('')
  expect(problem({ source: { ...source, newerThan: '1d' } })).toMatch(/source.newerThan .* leaves/)
  expect(problem({ source: { ...source, olderThan: '1d' } })).toMatch(/source.olderThan .* leaves/)
  expect(problem({ format: { kind: 'csv', unknownFiles: 'skip' } })).toContain('unknownFiles')
  const leftOut = (why: string) => ({
    source: { kind: 'upload', uploads: ['a.csv'], leftOut: [{ name: 'b.csv', why }] },
  })
  expect(problem(leftOut('hidden'))).toBe('')
  expect(problem(leftOut('not newer than 1d'))).toContain('only takes files newer than 1d')
  const other = (more: object) => problem({ target: { ...target, ...more } })
  expect(other({ maxDeletes: '101%' })).toContain('at most 100%')
  expect(other({ softDelete: 'id' })).toMatch(/target.softDelete .*is id/)
  expect(other({ deleteWhen: 'gone' })).toContain('is for the mode merge')
  expect(other({ mode: 'merge', scope: 'true' })).toContain('is for the mode sync')
})

test('a partitioned table, and files of which one has no record', async () => {
  await harness.db.query(`create table parts (id int, region text, v text, primary key (id, region))
      partition by list (region);
    create table parts_eu partition of parts for values in ('EU');
    create table parts_us partition of parts for values in ('US');
    insert into parts values (1, 'EU', 'a'), (2, 'US', 'b'), (3, 'US', 'c')`)
  const target = { mode: 'sync' as const, key: ['id', 'region'], scope: `region = 'US'`, ...all }
  const view = await ingest('parts', [csv('2,US,b'), 'id,region,v\n', ''], { target })
  expect(view).toMatchObject({ error: null, rowsDeleted: 1, rowsUnchanged: 1 })
  expect(await rowsOf('parts', 'id')).toEqual([[1], [2]])
})
