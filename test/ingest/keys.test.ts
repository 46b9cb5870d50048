/** Primary keys and indexes of new tables: built once, and what breaks a key is a reject. */
import pg from 'pg'
import { expect, test } from 'vitest'
import { build, eachVerb, noticedSoon, until } from '../harness.ts'
import { retryAll } from '../retry.ts'

const harness = await build({ spec: { rejects: { max: '100%' } } })
await harness.startWorker()

const indexesOf = async (table: string) => {
  const { rows } = await harness.db.query(
    'select pg_get_indexdef(indexrelid) as text from pg_index where indrelid = to_regclass($1) order by 1',
    [table],
  )
  return rows.map(({ text }) => text.replace(/^CREATE /, ''))
}

const content =
  'id,day,n\n1,2026-01-01,a\n2,2026-01-02,b\n1,2026-01-03,c\n,2026-01-04,d\n1,2026-01-05,e\n3,,f\n'

const spec = async (table: string, target = {}) => ({
  source: { kind: 'directory' as const, path: await harness.file(`${table}.csv`, content) },
  target: { table, primaryKey: ['ID'], indexes: [['day', 'n'], ['n']], ...target },
})

test.each([
  [true, {}],
  [true, eachVerb],
  [false, {}],
])('each later row of a key is a reject that names it, atomic: %s, %j', async (atomic, how) => {
  const table = `key_${atomic}_${'smallBytesMax' in how}`
  const id = await harness.start(
    await spec(table, { atomic, columns: { day: 'date not null' } }),
    how,
  )
  const view = await harness.ended(id)
  expect(view).toMatchObject({
    state: 'completed',
    error: null,
    rowsRead: 6,
    rowsLoaded: 2,
    rowsRejected: 4,
  })
  const { rows } = await harness.db.query(`select id, n from ${table} order by id`)
  expect(rows).toEqual([
    { id: 1, n: 'a' },
    { id: 2, n: 'b' },
  ])
  const rejects = await harness.rejects(id)
  expect(rejects.map((each) => [each.line, each.code, each.constraint])).toEqual([
    [4, '23505', `${table}_pkey`],
    [5, '23502', atomic ? expect.anything() : null],
    [6, '23505', `${table}_pkey`],
    [7, '23502', atomic ? expect.anything() : null],
  ])
  expect(rejects[0]?.error).toContain(`"${table}_pkey": Key (id)=(1) already exists`)
  expect(await indexesOf(table)).toEqual([
    `INDEX ${table}_day_n_idx ON public.${table} USING btree (day, n)`,
    `INDEX ${table}_n_idx ON public.${table} USING btree (n)`,
    `UNIQUE INDEX ${table}_pkey ON public.${table} USING btree (id)`,
  ])
  await harness.db.query(`delete from ${table} where id = 1`)
  expect(await retryAll(harness, id)).toMatchObject({ rowsLoaded: 1, rowsOpen: 3 })
  // The table has them now, so the same spec may come again.
  const again = await harness.ingest({
    ...(await spec(table, { atomic })),
    id: `${table}-again`,
  } as never)
  expect(again).toMatchObject({ state: 'completed', rowsLoaded: 0, rowsRejected: 6 })
})

test('unique: skip and fail; a table with no row too many has no rejects', async () => {
  const skip = await harness.ingest(await spec('key_skip', { unique: 'skip' }))
  expect(skip).toMatchObject({ rowsLoaded: 3, rowsRejected: 1, rowsSkipped: 2 })
  const fail = await harness.ingest(await spec('key_fail', { unique: 'fail' }))
  expect(fail.error?.code).toBe('target_refused')
  expect(await indexesOf('key_fail')).toEqual([])
})

test.each([
  [{ primaryKey: ['idd'], indexes: undefined }, 'key_invalid', 'it has no column idd'],
  [{ columns: { n: 'json' } }, 'key_invalid', 'json has no default operator class'],
  [{ primaryKey: ['id', 'id'] }, 'key_invalid', 'no column id'],
])('%j is an error before a row is loaded', async (target, code, text) => {
  const { error, rowsLoaded } = await harness.ingest(await spec('key_none', target))
  expect({ code: error?.code, rowsLoaded }).toEqual({ code, rowsLoaded: 0 })
  expect(error?.message).toContain(text)
  expect(await indexesOf('key_none')).toEqual([])
})

test('a table that is there must have them', async () => {
  await harness.db.query('create table key_there (id bigint unique, day date, n text)')
  const load = async (target: object) => harness.ingest(await spec('key_there', target))
  expect((await load({})).error).toMatchObject({
    code: 'shape_contradicted',
    message: expect.stringContaining('create index on "public"."key_there" ("day", "n")'),
  })
  const { error } = await load({ primaryKey: ['day'], indexes: undefined })
  expect(error?.message).toContain('a key ("day") is declared, and it has none')
})

test('a worker is killed while an index is built: another one publishes everything once', async () => {
  await harness.db.query(`
    create function held() returns event_trigger language plpgsql as
    $$ begin
      if to_regclass('public.key_killed') is not null then perform pg_advisory_xact_lock_shared(4711); end if;
    end $$;
    create event trigger held on ddl_command_end when tag in ('CREATE INDEX') execute function held()`)
  const hold = new pg.Client(harness.databaseUrl)
  await hold.connect()
  try {
    await hold.query('select pg_advisory_lock(4711)')
    const id = await harness.start(await spec('key_killed'), { ...eachVerb, ...noticedSoon })
    await until(
      async () => {
        const { rowCount } = await hold.query(
          `select from pg_locks where locktype = 'advisory' and objid = 4711 and not granted`,
        )
        return rowCount === 1
      },
      { what: 'an index under way' },
    )
    await harness.killWorkers()
    await hold.query('select pg_advisory_unlock(4711)')
    await harness.startWorker()
    const view = await harness.ended(id)
    expect(view).toMatchObject({ state: 'completed', rowsRead: 6, rowsLoaded: 3, rowsRejected: 3 })
    expect((await harness.rejects(id)).map(({ line }) => line)).toEqual([4, 5, 6])
    const { rows } = await harness.db.query(
      `
      select (select count(*)::int from key_killed) as rows,
             (select sum(rows_loaded)::int from sluice.units where ingest_id = $1) as loaded`,
      [id],
    )
    expect(rows).toEqual([{ rows: 3, loaded: 3 }])
    expect(await indexesOf('key_killed')).toHaveLength(3)
  } finally {
    await hold.end()
    await harness.db.query('drop event trigger held')
  }
})
