/** What a plan relied on of its target, and what of it is no longer so. */
import { describe, expect, test } from 'vitest'
import {
  type Filled,
  type Relied,
  type ReliedColumn,
  whatChanged,
} from '../../src/domain/relied.ts'

const column = (no: number, name: string, more: Partial<ReliedColumn> = {}): ReliedColumn => ({
  no,
  name,
  type: 'integer',
  notNull: false,
  generated: false,
  identity: false,
  expression: null,
  ...more,
})
const table = (...columns: ReliedColumn[]): Relied => ({ oid: 7, kind: 'r', columns })
const a = column(1, 'a')
const b = column(2, 'b', { unvalidated: ['CHECK (1) NOT VALID'] })
const other = column(3, 'other', { expression: '0' })
const was = table(a, b, other)
const filled: Filled[] = [
  { name: 'a', type: 'integer' },
  { name: 'b', type: 'integer' },
]
const compare = (is: Relied, more: Partial<Parameters<typeof whatChanged>[2]> = {}) =>
  whatChanged(was, is, { filled, replaced: false, ...more })

describe('a table that was there', () => {
  test.each<[string, Relied, string]>([
    ['renamed', table(a, { ...b, name: 'c' }, other), 'b is named c now'],
    ['dropped', table(a, other), 'the column b is gone'],
    ['dropped and made again', table(a, { ...b, no: 4 }, other), 'another column of that name'],
    ['of another type', table(a, { ...b, type: 'text' }, other), 'b was integer and is text'],
    ['not null', table(a, { ...b, notNull: true }, other), 'b is not null now'],
    ['null', table(a, b, other), ''],
    [
      'with a default',
      table(a, { ...b, expression: '1' }, other),
      'default of b was none and is 1',
    ],
    [
      'generated',
      table(a, { ...b, generated: true, expression: 'a' }, other),
      'b is a generated column now',
    ],
    [
      'of a domain with a constraint that the plan did not know',
      table(a, { ...b, unvalidated: ['CHECK (1) NOT VALID', 'CHECK (2) NOT VALID'] }, other),
      'the domain of b has a new constraint, CHECK (2) NOT VALID',
    ],
    ['an identity', table(a, { ...b, identity: true }, other), 'b is an identity column now'],
  ])('a filled column is %s', (_, is, expected) => {
    if (expected === '') expect(compare(is)).toBeNull()
    else expect(compare(is)).toContain(expected)
  })

  test('names that two columns exchange', () => {
    const is = table({ ...a, name: 'b' }, { ...b, name: 'a' }, other)
    expect(compare(is)).toBe('a is another column of that name, b is another column of that name')
  })

  test.each<[string, Relied, string | null]>([
    ['is gone', table(a, b), null],
    ['has another name', table(a, b, { ...other, name: 'else' }), null],
    ['has another type', table(a, b, { ...other, type: 'text' }), null],
    ['has another default', table(a, b, { ...other, expression: '9' }), 'was 0 and is 9'],
    ['has no default', table(a, b, { ...other, expression: null }), 'was 0 and is none'],
    [
      'needs a value',
      table(a, b, { ...other, expression: null, notNull: true }),
      'other is not null, has no default, and no row fills it',
    ],
  ])('a column that no row fills %s', (_, is, expected) => {
    if (expected === null) expect(compare(is)).toBeNull()
    else expect(compare(is)).toContain(expected)
  })

  test.each<[string, Partial<ReliedColumn>, string | null]>([
    ['takes NULL', {}, null],
    ['has a default', { notNull: true, expression: '1' }, null],
    ['counts by itself', { notNull: true, identity: true }, null],
    ['needs a value', { notNull: true }, 'new is not null, has no default, and no row fills it'],
  ])('a new column %s', (_, more, expected) => {
    expect(compare(table(a, b, other, column(4, 'new', more)))).toBe(expected)
  })

  test('another table, or another kind of table, unless an ingest has replaced it', () => {
    expect(compare({ ...was, oid: 8 })).toBe('another table has taken its name')
    expect(compare({ ...was, oid: 8 }, { replaced: true })).toBeNull()
    const moved = { ...table(b, column(9, 'a'), other), oid: 8 }
    expect(compare(moved, { replaced: true })).toBeNull()
    const narrower = { ...table(b, other), oid: 8 }
    expect(compare(narrower, { replaced: true })).toBe('the column a is gone')
    expect(compare({ ...was, kind: 'p' })).toBe('it is a partitioned table now')
  })

  test('many changes are counted', () => {
    const many = Array.from({ length: 9 }, (_, no) => column(no, `c${no}`))
    const all = { filled: many.map(({ name, type }) => ({ name, type })), replaced: false }
    expect(whatChanged(table(...many), table(), all)).toMatch(/c4 is gone, and 4 more$/)
  })
})

describe('a table that was made while the ingest was under way', () => {
  const appeared = (...columns: ReliedColumn[]) =>
    whatChanged(null, table(...columns), { filled, replaced: false })

  test.each<[string, ReliedColumn[], string | null]>([
    ['has the same columns', [a, b], null],
    ['has more that fill themselves', [a, b, other], null],
    ['lacks one', [a], 'the column b is gone'],
    ['cannot hold the values as they are', [a, { ...b, type: 'smallint' }], 'b is smallint'],
    ['generates one', [a, { ...b, generated: true }], 'b is a generated column'],
    ['needs more', [a, b, column(3, 'c', { notNull: true })], 'c is not null, has no default'],
  ])('%s', (_, columns, expected) => {
    if (expected === null) expect(appeared(...columns)).toBeNull()
    else expect(appeared(...columns)).toContain(expected)
  })

  test('a column that the files bring need not be there', () => {
    const brought = {
      filled: [...filled, { name: 'c', type: 'bigint', added: true }],
      replaced: false,
    }
    expect(whatChanged(was, was, brought)).toBeNull()
    const same = table(a, b, other, column(4, 'c', { type: 'numeric' }))
    expect(whatChanged(was, same, brought)).toBeNull()
    const narrow = table(a, b, other, column(4, 'c', { type: 'smallint' }))
    expect(whatChanged(was, narrow, brought)).toBe('c is smallint, and the rows have it as bigint')
  })
})
