/** COPY around records that PostgreSQL refuses: each is found, in a bounded number of turns. */
import { describe, expect, test } from 'vitest'
import { quoteIdentifier } from '../../src/domain/table.ts'
import { copyAround, TooManyRaised } from '../../src/postgres/copy/copyAround.ts'
import { type Connection, transaction } from '../../src/postgres/db.ts'
import { build } from '../harness.ts'

const harness = await build()

function recordsOf(lines: string[]) {
  let end = 0
  const ends = lines.map((line) => (end += Buffer.byteLength(line) + 1))
  return { bytes: Buffer.from(lines.map((line) => `${line}\n`).join('')), ends }
}

/** Counts the COPYs of a connection. */
function counted(tx: Connection) {
  let copies = 0
  const query = tx.query.bind(tx) as (...all: unknown[]) => unknown
  tx.query = ((...all: unknown[]) => {
    if (typeof all[0] === 'object') copies++
    return query(...all)
  }) as typeof tx.query
  return () => copies
}

const names = Array.from({ length: 1000 }, (_, at) => `c${at}`)
const columns = names.map((name) => ({ name, type: 'text' }))
const line = (value: string) => names.map(() => value).join('\t')
await harness.db.query(`create table wide (${names.map((name) => `${name} text`).join(', ')})`)

test.each([
  ['in front of a small one', [1]],
  ['the last one', [9]],
  ['the only one', [0], 1],
  ['several', [0, 3, 4, 40, 99], 100],
  ['all of them', [0, 1, 2, 3, 4, 5], 6],
])('rows that are too wide are set aside: %s', async (_, wide, count = 10) => {
  const lines = Array.from({ length: count }, (_each, at) =>
    line(wide.includes(at) ? '1234567890' : 'x'),
  )
  await transaction(harness.db, async (tx) => {
    await tx.query('truncate wide')
    const copies = counted(tx)
    const target = { table: 'wide', columns, fields: names }
    const { rows, refused } = await copyAround(tx, target, recordsOf(lines))
    expect(refused.map(({ index, code }) => [index, code])).toEqual(wide.map((at) => [at, '54000']))
    expect(rows).toBe(count - wide.length)
    expect(copies()).toBeLessThan(10 + wide.length * 4 * Math.ceil(Math.log2(count + 1)))
    const left = await tx.query('select count(*)::int as count from wide')
    expect(left.rows[0].count).toBe(rows)
  })
})

test('what is refused for its NULL, and what is judged at the end of the statement', async () => {
  await harness.db.query(
    'create table parent (id int primary key); insert into parent values (1), (2)',
  )
  await harness.db.query('create table child (id int not null references parent, note text)')
  const lines = ['1\ta', '7\tb', '\\N\tc', '2\td\\ne', 'x\tf', '9\tg']
  await transaction(harness.db, async (tx) => {
    const target = {
      table: 'child',
      columns: [
        { name: 'id', type: 'integer' },
        { name: 'note', type: 'text' },
      ],
      fields: ['id', 'note'],
    }
    const { rows, refused } = await copyAround(tx, target, recordsOf(lines))
    expect(rows).toBe(2)
    expect(refused.map(({ index, code }) => [index, code])).toEqual([
      [1, '23503'],
      [2, '23502'],
      [4, null],
      [5, '23503'],
    ])
    const left = await tx.query('select id, note from child order by id')
    expect(left.rows).toEqual([
      { id: 1, note: 'a' },
      { id: 2, note: 'd\ne' },
    ])
  })
})

test('a rule of the table is no fault of the last column', async () => {
  await harness.db.query(
    'create table kept (id int primary key, low int, high int, check (low <= high))',
  )
  await transaction(harness.db, async (tx) => {
    const fields = ['id', 'low', 'high']
    const typed = fields.map((name) => ({ name, type: 'integer' }))
    const target = { table: 'kept', columns: typed, fields }
    const records = recordsOf(['1\t1\t2', '1\t3\t4', '2\t9\t8'])
    const { refused } = await copyAround(tx, target, records)
    expect(refused.map(({ index, column, constraint }) => [index, column, constraint])).toEqual([
      [1, null, 'kept_pkey'],
      [2, null, 'kept_check'],
    ])
  })
})

test.each([
  'Price: EUR',
  'a": "b',
  'x, column y: "z',
  'line\nbreak',
  'a.b',
  ', line 9, column a',
  'null input',
  'ü'.repeat(31),
])('names of any kind are told whole, also of a table: %j', async (name) => {
  const quoted = quoteIdentifier(name)
  await harness.db.query('drop domain if exists inverse cascade')
  await harness.db.query('create domain inverse as text check (1 / value::int < 2)')
  await harness.db.query(`create table ${quoted} (a int, ${quoted} inverse, a2 int)`)
  await transaction(harness.db, async (tx) => {
    const target = {
      table: `"public".${quoted}`,
      columns: [
        { name: 'a', type: 'integer' },
        { name, type: 'text' },
        { name: 'a2', type: 'integer' },
      ],
      fields: ['a', name, 'a2'],
    }
    const lines = ['1\t1\t1', '2\t0\t1', 'x\t1\t1', '4\tx": "y\t1', '5\t1\t1']
    const { rows, refused } = await copyAround(tx, target, recordsOf(lines))
    expect(refused.map(({ index, column, code }) => [index, column, code])).toEqual([
      [1, name, '22012'],
      [2, 'a', null],
      [3, name, expect.toBeOneOf([null, '22P02'])],
    ])
    expect(rows).toBe(2)
  })
})

describe('what the code of the table raises', () => {
  const target = {
    table: 'raising',
    columns: [
      { name: 'n', type: 'integer' },
      { name: 'v', type: 'text' },
    ],
    fields: ['n', 'v'],
  }
  const lines = Array.from({ length: 200 }, (_, n) => `${n}\tCOPY raising, line 2`)

  const raising = async (tx: Connection, when: string, each: string, test: string) =>
    void (await tx.query(`create table raising (n int, v text);
      create function raising() returns trigger language plpgsql as $$ begin
        -- What stands in the context of the error does not pass for the line of COPY.
        execute format('do $x$ begin if %s %% 50 = 7 then raise ''no %%'', %s; end if; end $x$; /* %s */',
                       ${test}, ${test}, E'\nCOPY raising, line 3');
        return new;
      end $$;
      create trigger watch ${when} insert on raising for each ${each} execute function raising()`))

  const undone = async (work: (tx: Connection) => Promise<void>) => {
    const over = new Error('over')
    const all = transaction(harness.db, async (tx) => {
      await work(tx)
      throw over
    })
    await expect(all).rejects.toBe(over)
  }

  test.each(['before', 'after'])('%s a row: it is found, and its trigger named', async (when) => {
    await undone(async (tx) => {
      await raising(tx, when, 'row', 'new.n')
      const copies = counted(tx)
      const { rows, refused } = await copyAround(tx, target, recordsOf(lines))
      const found = refused.map(({ index, code, error }) => [index, code, error])
      expect(found).toEqual([7, 57, 107, 157].map((n) => [n, 'P0001', `no ${n} (trigger watch)`]))
      expect(rows).toBe(196)
      expect(copies()).toBeLessThan(when === 'before' ? 12 : 80)
    })
  })

  test('for each statement: no record is to blame', async () => {
    await undone(async (tx) => {
      await raising(tx, 'before', 'statement', '7')
      await expect(copyAround(tx, target, recordsOf(lines))).rejects.toThrow('no 7')
    })
  })

  test('too many', async () => {
    await undone(async (tx) => {
      await raising(tx, 'before', 'row', 'new.n')
      const error = await copyAround(tx, target, recordsOf(lines), 3).catch((each) => each)
      expect(error).toBeInstanceOf(TooManyRaised)
      expect(error.message).toBe('more than 3 rows')
      expect(error.first).toMatchObject({ index: 7, error: 'no 7 (trigger watch)' })
    })
  })
})
