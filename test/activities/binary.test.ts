/** Which units go as COPY BINARY, and that what is wrong with a row is found as it is without. */
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { listSource } from '../../activities/list.ts'
import { loadUnit } from '../../activities/load.ts'
import { planIngest } from '../../activities/plan.ts'
import { stageLot } from '../../activities/stage.ts'
import { enterIngest } from '../../src/postgres/ledger/ingests.ts'
import { fullSpec, type IngestSpec } from '../../src/spec/spec.ts'
import { anyRejects, build } from '../harness.ts'
import { attemptOf } from './attempt.ts'

const harness = await build(anyRejects)

/** More than a unit must have to be worth it. */
const count = 4000
const line = (id: number) => `${id},2024-01-31,note of row ${id}`
const lines = Array.from({ length: count }, (_, id) => line(id))

/** A table that keeps each COPY into it: those that were taken back are not there. */
async function tableOf(columns: string): Promise<string> {
  const table = `t_${randomUUID().slice(0, 8)}`
  await harness.db.query(`
    create table ${table} (${columns});
    create table ${table}_copies (statement text);
    create function ${table}_copied() returns trigger language plpgsql as $$
      begin insert into ${table}_copies values (current_query()); return null; end $$;
    create trigger copied before insert on ${table} for each statement
      execute function ${table}_copied()`)
  return table
}

/** Loads the lines straight into the table, which is one unit. */
async function load(
  table: string,
  records: readonly (string | Buffer)[],
  format: IngestSpec['format'] = {},
) {
  const ingestId = randomUUID()
  const ended = records.flatMap((each) => [Buffer.from(each), Buffer.from('\n')])
  const path = await harness.file(
    `${table}.csv`,
    Buffer.concat([Buffer.from('id,day,note\n'), ...ended]),
  )
  const source = { kind: 'directory' as const, path }
  const spec = fullSpec({ source, target: { table, atomic: false }, format, ...anyRejects.spec })
  await enterIngest(harness.db, { ingestId, spec, target: `public.${table}` })
  const attempt = attemptOf(harness)
  await listSource(attempt, { ingestId })
  await stageLot(attempt, { ingestId, lotNo: 0 })
  await planIngest(attempt, { ingestId })
  const { lane, rowsLoaded } = await loadUnit(attempt, { ingestId, unitNo: 0 })
  const { rows } = await harness.db.query(
    `select distinct substring(statement from 'format (\\w+)') as form from ${table}_copies`,
  )
  const rejects = await harness.rejects(ingestId)
  return {
    lane,
    rowsLoaded,
    forms: rows.map(({ form }) => form),
    rejects: rejects.map(({ line: at, column, code }) => ({ at, column, code })),
  }
}

const sound = { lane: 'fast', rowsLoaded: count, rejects: [] }

test('a unit of types that are known goes as COPY BINARY; a small one does not', async () => {
  const table = await tableOf('id bigint, day date, note text')
  expect(await load(table, lines)).toEqual({ ...sound, forms: ['binary'] })
  const { rows } = await harness.db.query(
    `select count(*) as rows, sum(id)::bigint as ids, count(distinct note) as notes,
            count(*) filter (where day = '2024-01-31') as days from ${table}`,
  )
  const ids = (count * (count - 1)) / 2
  expect(rows).toEqual([{ rows: count, ids, notes: count, days: count }])
  const small = await tableOf('id bigint, day date, note text')
  const few = lines.slice(0, 10)
  expect(await load(small, few)).toEqual({ ...sound, rowsLoaded: 10, forms: ['csv'] })
})

test('a column that is a domain, an enum or a number of other bytes goes as text', async () => {
  await harness.db.query(`create domain short as text; create type one_day as enum ('2024-01-31')`)
  for (const columns of [
    'id bigint, day date, note short',
    'id bigint, day one_day, note text',
    'id real, day date, note text',
  ]) {
    expect(await load(await tableOf(columns), lines)).toEqual({ ...sound, forms: ['csv'] })
  }
})

const badAt = 3000
const withLine = (bad: string | Buffer) => lines.with(badAt, bad as string)
const at = badAt + 2

test.each([
  {
    what: 'a value that its type does not take',
    bad: line(badAt).replace('01-31', '02-31'),
    reject: { column: 'day', code: '22P02' },
    taken: { lane: 'fast', forms: ['csv'] },
  },
  {
    what: 'a text that is too long',
    bad: `${line(badAt)}${'x'.repeat(100)}`,
    reject: { column: 'note', code: '22P02' },
    taken: { lane: 'fast', forms: ['csv'] },
  },
  {
    what: 'a text with bytes that are no UTF-8',
    bad: Buffer.from([0x31, 0x2c, 0x2c, 0xc3, 0x28]),
    reject: { column: null, code: 'invalid_utf8' },
    taken: { lane: 'repair', forms: ['text'] },
  },
  {
    what: 'a row that a rule of the table refuses',
    bad: '-1,,',
    reject: { column: null, code: '23514' },
    taken: { lane: 'repair', forms: ['text'] },
  },
])('$what is a reject, and its unit goes as text', async ({ bad, reject, taken }) => {
  const table = await tableOf('id bigint check (id >= 0), day date, note varchar(80)')
  const rejects = [{ at, ...reject }]
  expect(await load(table, withLine(bad))).toEqual({ ...taken, rowsLoaded: count - 1, rejects })
})

test('a value that the loop does not know is loaded as PostgreSQL reads it', async () => {
  const table = await tableOf('id bigint, day date, note text')
  const loaded = await load(table, withLine('0x10,infinity,'))
  expect(loaded).toEqual({ ...sound, forms: ['csv'] })
  const { rows } = await harness.db.query(`select * from ${table} where day = 'infinity'`)
  expect(rows).toEqual([expect.objectContaining({ id: 16, note: null })])
})
