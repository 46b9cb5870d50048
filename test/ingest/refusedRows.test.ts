/** Rows that only the insert into the target refuses are rejects as well, with PostgreSQL's words. */
import { describe, expect, test } from 'vitest'
import { judged } from './judged.ts'

const { harness, ingest, rejects, column, mustAddUp } = await judged()

/** A trigger that refuses some rows. */
const raises = (table: string, how: string, when = 'before', each = 'row') => `
  create function ${table}_look() returns trigger language plpgsql as $$ begin ${how}
    return new;
  end $$;
  create trigger ${table}_watch ${when} insert on ${table}
    for each ${each} execute function ${table}_look();`

interface Kind {
  /** What makes the table, with a column `n` and one `v`. */
  make: (table: string) => string
  /** Values of the rows, of which the ones at `bad` are refused. */
  values: string[]
  bad: number[]
  code: string
  constraint?: string
  words: RegExp
}

const kinds: Record<string, Kind> = {
  trigger: {
    make: (table) => `create table ${table} (n int, v text);
      ${raises(table, `if new.v like 'x%' then raise 'no % here', new.v; end if;`)}`,
    values: ['a', 'x1', 'b', '"x\n2"', 'c'],
    bad: [1, 3],
    code: 'P0001',
    words: /^no x.* here \(trigger \w+_watch\)$/s,
  },
  'trigger with a code of its own, after the row': {
    make: (table) => `create table ${table} (n int, v text);
      ${raises(table, `if new.v = 'x' then raise 'not %', new.n using errcode = 'SLU01'; end if;`, 'after')}`,
    values: ['a', 'x', 'b'],
    bad: [1],
    code: 'SLU01',
    words: /^not 1 \(trigger \w+_watch\)$/,
  },
  'trigger that looks at the rows before': {
    make: (table) => `create table ${table} (n int, v text);
      ${raises(table, `if exists (select from ${table} where v = new.v) then raise 'twice'; end if;`)}`,
    values: ['a', 'b', 'a', 'c', 'b', 'a'],
    bad: [2, 4, 5],
    code: 'P0001',
    words: /^twice \(trigger \w+_watch\)$/,
  },
  exclusion: {
    make: (table) => `create table ${table} (n int, v int4range,
        constraint ${table}_apart exclude using gist (v with &&));
      insert into ${table} values (99, '[100,200)')`,
    values: ['"[1,5)"', '"[4,9)"', '"[5,9)"', '"[150,151)"', '"[20,30)"'],
    bad: [1, 3],
    code: '23P01',
    constraint: 'apart',
    words: /conflicting key value violates exclusion constraint.*Key \(v\)=/,
  },
  'exclusion that is judged at the commit': {
    make: (table) => `create table ${table} (n int, v int4range,
        constraint ${table}_apart exclude using gist (v with &&) deferrable initially deferred)`,
    values: ['"[1,5)"', '"[4,9)"'],
    bad: [1],
    code: '23P01',
    constraint: 'apart',
    words: /conflicting key value/,
  },
  'row that an index is too small for': {
    make: (table) => `create table ${table} (n int, v text); create index on ${table} (v)`,
    // Random enough that it is no shorter when compressed.
    values: ['a', noise(20_000), 'b'],
    bad: [1],
    code: '54000',
    words: /^index row requires \d+ bytes, maximum size is \d+$/,
  },
  'expression of an index': {
    make: (table) => `create table ${table} (n int, v int); create index on ${table} ((10 / v))`,
    values: ['1', '0', '2', '0'],
    bad: [1, 3],
    code: '22012',
    words: /^division by zero$/,
  },
  'generated column': {
    make: (table) =>
      `create table ${table} (n int, v int, g int generated always as (10 / v) stored)`,
    values: ['1', '0', '2'],
    bad: [1],
    code: '22012',
    words: /^division by zero$/,
  },
}

function noise(length: number): string {
  let state = 7
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return String.fromCharCode(97 + ((state >>> 16) % 26))
  }).join('')
}

describe.each(Object.entries(kinds))('%s', (name, kind) => {
  test.each([
    ['append', true],
    ['replace', true],
    ['append', false],
  ] as const)('%s, atomic: %s', async (mode, atomic) => {
    const table = `only_${atomic ? mode : 'early'}_${name.replaceAll(/\W+/g, '_').slice(0, 20)}`
    await harness.db.query(kind.make(table))
    let line = 2
    const lines = kind.values.map((value, n) => {
      const at = line
      line += value.split('\n').length
      return { at, text: `${n},${value}` }
    })
    const content = `n,v\n${lines.map(({ text }) => text).join('\n')}\n`
    // What the target has goes first.
    const bad = kind.bad.filter((n) => mode === 'append' || kind.values[n] !== '"[150,151)"')
    const view = await ingest(table, content, {
      target: { mode, atomic },
      rejects: { max: '80%' },
    })
    const isThere = mode === 'append' && name === 'exclusion'
    expect(view).toMatchObject({ state: 'completed', error: null, rowsRejected: bad.length })
    const constraint = kind.constraint ? `${table}_${kind.constraint}` : null
    expect(await rejects(view.ingestId)).toEqual(
      bad.map((n) => [0, lines[n]?.at, kind.code, constraint, null]),
    )
    for (const { error } of await harness.rejects(view.ingestId)) expect(error).toMatch(kind.words)
    const left = kind.values.flatMap((_, n) => (bad.includes(n) ? [] : [n]))
    expect(await column(table, 'n')).toEqual([...left, ...(isThere ? [99] : [])])
    await mustAddUp(view.ingestId)
  })
})

test('constraints first, then what only the insert knows: thousands of rows of several files', async () => {
  await harness.db.query(`create table both_ways (n int primary key, v int check (v < 9));
    ${raises('both_ways', `if new.n % 1500 = 7 then raise 'never %', new.n; end if;`)}`)
  const files = [0, 1, 2].map((file) => {
    const rows = Array.from({ length: 4000 }, (_, at) => file * 4000 + at)
    return `n,v\n${rows.map((n) => `${n},${n === 5000 ? 10 : 1}\n`).join('')}`
  })
  const view = await ingest('both_ways', files)
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 11_991, rowsRejected: 9 })
  const found = (await rejects(view.ingestId)).map(([file, line, code]) => [file, line, code])
  const never = [7, 1507, 3007, 4507, 6007, 7507, 9007, 10_507]
  const at = (n: number, code: string) => [Math.floor(n / 4000), (n % 4000) + 2, code]
  expect(found).toEqual([
    ...never.slice(0, 4).map((n) => at(n, 'P0001')),
    at(5000, '23514'),
    ...never.slice(4).map((n) => at(n, 'P0001')),
  ])
  await mustAddUp(view.ingestId)
})

test('rejects.max ends the search, and the first row is named', async () => {
  await harness.db.query(`create table too_many (n int);
    ${raises('too_many', `if new.n > 2 then raise 'too large'; end if;`)}`)
  const content = `n\n${Array.from({ length: 200 }, (_, n) => `${n}\n`).join('')}`
  const view = await ingest('too_many', content, { rejects: { max: 3 } })
  expect(view).toMatchObject({ state: 'failed', error: { code: 'rejects_over_max' } })
  expect(view.error?.message).toMatch(/4 of 200 rows.*line 5: too large/)
  expect((await rejects(view.ingestId)).map(([, line]) => line)).toEqual([5, 6, 7, 8])
  expect(await column('too_many', 'n')).toEqual([])
})

describe.each([true, false])('atomic: %s', (atomic) => {
  const options = { target: { atomic } }

  test('what the target says of all rows together is no reject of any of them', async () => {
    const table = `at_once_${atomic}`
    await harness.db.query(`create table ${table} (n int);
      ${raises(table, `raise 'not today';`, 'after', 'statement')}
      create index on ${table} (n)`)
    const view = await ingest(table, 'n\n1\n2\n', options)
    expect(view).toMatchObject({ state: 'failed', error: { code: 'target_refused' } })
    expect(view.error?.message).toContain('not today')
    expect(await rejects(view.ingestId)).toEqual([])
    expect(await column(table, 'n')).toEqual([])
  })

  test('what breaks for want of a table or a function is no fault of a row', async () => {
    const table = `broken_${atomic}`
    await harness.db.query(`create table ${table} (n int);
      ${raises(table, 'perform from no_such_table;')}`)
    const view = await ingest(table, 'n\n1\n2\n', options)
    expect(view).toMatchObject({ state: 'failed', error: { code: 'target_refused' } })
    expect(view.error?.message).toContain('no_such_table')
    expect(await rejects(view.ingestId)).toEqual([])
  })
})

test('a small ingest does it in its one transaction', async () => {
  await harness.db.query(`create table seen (n int, v text);
    ${raises('seen', `if new.v = 'x' then raise 'no'; end if;`)}`)
  const path = await harness.file('seen.csv', 'n,v\n1,a\n2,x\n3,b\n')
  const view = await harness.ingest({
    source: { kind: 'directory', path },
    target: { table: 'seen' },
  })
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: 2, rowsRejected: 1 })
  expect(await column('seen', 'n')).toEqual([1, 3])
})
