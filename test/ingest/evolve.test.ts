/** Schemas that evolve: columns of later files are added, where that is wanted. */
import { expect, test } from 'vitest'
import { transaction } from '../../src/postgres/db.ts'
import { readTarget } from '../../src/postgres/target/target.ts'
import { build } from '../harness.ts'

const harness = await build()
await harness.startWorker()

async function typesOf(table: string): Promise<string[]> {
  const { rows } = await harness.db.query(
    `select attname || ' ' || format_type(atttypid, atttypmod) as type from pg_attribute
     where attrelid = to_regclass($1) and attnum > 0 order by attnum`,
    [table],
  )
  return rows.map(({ type }) => type)
}

const all = async (table: string, order = 'id') =>
  (await harness.db.query(`select * from ${table} order by ${order}`)).rows.map((row) =>
    Object.values(row).map((each) => (each instanceof Date ? 'date' : each)),
  )

async function files(name: string, contents: string[]) {
  const write = (content: string, at: number) => harness.file(`${name}-${at}.csv`, content)
  const path = await Promise.all(contents.map(write))
  return { kind: 'directory' as const, path }
}

for (const atomic of [true, false]) {
  test(`a new table gets the columns of all files; atomic: ${atomic}`, async () => {
    const table = `grown_${atomic}`
    const source = await files(table, [
      'id,name\n1,a\n2,b\n',
      'Name,id,Order Total,day\nc,3,1.50,2024-01-31\n',
      'id,"order total",note\n4,2,x\n',
    ])
    const view = await harness.ingest({ source, target: { table, atomic } })
    expect(view).toMatchObject({ state: 'completed', error: null, rowsLoaded: 4, rowsRejected: 0 })
    expect(await typesOf(table)).toEqual([
      'id bigint',
      'name text',
      'order_total numeric',
      'day date',
      'note text',
    ])
    expect(await all(table)).toEqual([
      [1, 'a', null, null, null],
      [2, 'b', null, null, null],
      [3, 'c', '1.50', 'date', null],
      [4, null, '2', null, 'x'],
    ])
  })

  test(`an existing table gets them only when asked to; atomic: ${atomic}`, async () => {
    const table = `there_${atomic}`
    await harness.db.query(`create table ${table} (id int primary key, name text not null default 'none');
      insert into ${table} values (0, 'old'); create view ${table}_view as select * from ${table}`)
    const source = await files(table, ['id,extra\n1,10\n2,20\n', 'id,name,more\n3,c,true\n'])
    const spec = { source, target: { table, atomic } }
    const refused = await harness.ingest(spec)
    expect(refused.error).toMatchObject({
      code: 'column_unknown',
      hint: expect.stringContaining('--schema evolve'),
    })
    const frozen = await harness.ingest({ ...spec, target: { ...spec.target, schema: 'freeze' } })
    expect(frozen.error).toMatchObject({ code: 'column_unknown' })
    expect(await typesOf(table)).toEqual(['id integer', 'name text'])
    const view = await harness.ingest({ ...spec, target: { ...spec.target, schema: 'evolve' } })
    expect(view).toMatchObject({ state: 'completed', error: null, rowsLoaded: 3 })
    expect(await typesOf(table)).toEqual([
      'id integer',
      'name text',
      'extra bigint',
      'more boolean',
    ])
    expect(await all(table)).toEqual([
      [0, 'old', null, null],
      [1, 'none', 10, null],
      [2, 'none', 20, null],
      [3, 'c', null, true],
    ])
  })

  test(`an added column widens, too; atomic: ${atomic}`, async () => {
    const table = `both_${atomic}`
    await harness.db.query(`create table ${table} (id int)`)
    const rows = Array.from({ length: 20_000 }, (_, id) => `${id},${id}`)
    const source = await files(table, [`id,extra\n${rows.join('\n')}\n20000,late\nx,1\n`])
    const view = await harness.ingest({ source, target: { table, atomic, schema: 'evolve' } })
    // What does not fit a column that was there is a reject, as ever.
    expect(view).toMatchObject({ state: 'completed', rowsLoaded: 20_001, rowsRejected: 1 })
    expect(await typesOf(table)).toEqual(['id integer', 'extra text'])
    const { rows: found } = await harness.db.query(
      `select extra from ${table} where id >= 19999 order by id`,
    )
    expect(found).toEqual([{ extra: '19999' }, { extra: 'late' }])
  })
}

test('frozen: a later file of a new table may bring nothing new', async () => {
  const source = await files('frozen', ['id\n1\n', 'id,more\n2,3\n'])
  const view = await harness.ingest({ source, target: { table: 'frozen', schema: 'freeze' } })
  expect(view).toMatchObject({ state: 'failed', error: { code: 'column_unknown' } })
})

test('replace: the table gets the columns and keeps what hangs on it', async () => {
  await harness.db.query(`create table bare (id bigint); insert into bare values (9);
    create table kept (id bigint primary key); insert into kept values (9)`)
  for (const table of ['bare', 'kept']) {
    const source = await files(table, ['id\n1\n', 'id,more\n2,3\n'])
    const target = { table, mode: 'replace' as const, schema: 'evolve' as const }
    const view = await harness.ingest({ source, target })
    expect(view).toMatchObject({ state: 'completed', error: null, rowsLoaded: 2 })
    expect(await typesOf(table)).toEqual(['id bigint', 'more bigint'])
    expect(await all(table)).toEqual([
      [1, null],
      [2, 3],
    ])
  }
  const { rows } = await harness.db.query(
    `select conname from pg_constraint where conrelid = 'kept'::regclass and contype = 'p'`,
  )
  expect(rows).toEqual([{ conname: 'kept_pkey' }])
})

test('types of new columns come from their files, be there ever so many before', async () => {
  const calm = Array.from({ length: 40 }, (_, id) => `id\n${id}\n`)
  const source = await files('many', [...calm, 'id,at\n100,2024-01-31 10:00\n'])
  const text = await harness.ingest({ source, target: { table: 'many_text', types: 'text' } })
  expect(text.state).toBe('completed')
  expect(await typesOf('many_text')).toEqual(['id text', 'at text'])
  const view = await harness.ingest({ source, target: { table: 'many' } })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 41 })
  expect(await typesOf('many')).toEqual(['id bigint', 'at timestamp without time zone'])
})

test('a field without a name, and a generated column, are nobody to be added', async () => {
  await harness.db.query(
    'create table made (id int, twice int generated always as (id * 2) stored)',
  )
  for (const header of ['id,', 'id,twice', 'id,Twice']) {
    const source = await files('made', [`${header}\n1,2\n`])
    const target = { table: 'made', schema: 'evolve' as const }
    const view = await harness.ingest({ source, target, format: { header: true } })
    const code = header === 'id,' ? 'column_unknown' : 'column_generated'
    expect(view.error, header).toMatchObject({ code })
  }
})

test('two ingests bring the same column at once: it is there once, with the rows of both', async () => {
  await harness.db.query('create table shared (id int)')
  const target = { table: 'shared', schema: 'evolve' as const }
  const views = await Promise.all(
    [1, 2, 3].map(async (id) =>
      harness.ingest({
        source: await files(`shared-${id}`, [`id,extra\n${id},${id * 10}\n`]),
        target,
      }),
    ),
  )
  expect(views.map(({ state }) => state)).toEqual(['completed', 'completed', 'completed'])
  expect(await all('shared')).toEqual([
    [1, 10],
    [2, 20],
    [3, 30],
  ])
})

test('only the owner of a table may add columns to it', async () => {
  const role = `r_${harness.queue}`
  await harness.db.query(`create table foreign_one (id int); create role ${role};
    grant create on schema public to ${role}; grant insert on foreign_one to ${role}`)
  const table = { schema: 'public', name: 'foreign_one' }
  const seen = await transaction(harness.db, async (tx) => {
    await tx.query(`set local role ${role}`)
    return readTarget(tx, table, { mode: 'append' })
  })
  expect([seen?.owned, (await readTarget(harness.db, table, { mode: 'append' }))?.owned]).toEqual([
    false,
    true,
  ])
  await harness.db.query(`drop owned by ${role}; drop role ${role}`)
})
