import { expect, test } from 'vitest'
import { parseDeclared } from '../../src/domain/declared.ts'

test.each([
  ['bigint', { type: 'bigint', notNull: false, default: null }],
  ['numeric(12, 2) NOT  NULL', { type: 'numeric(12, 2)', notNull: true, default: null }],
  ["text default 'it''s' not null", { type: 'text', notNull: true, default: { value: "it's" } }],
  ['int not null default -1.5', { type: 'int', notNull: true, default: { value: '-1.5' } }],
  ['int default null', { type: 'int', notNull: false, default: { value: null } }],
  ['bool default TRUE', { type: 'bool', notNull: false, default: { value: 'true' } }],
  [
    'timestamptz default now()',
    { type: 'timestamptz', notNull: false, default: { call: 'now()' } },
  ],
  ['"a not null"', { type: '"a not null"', notNull: false, default: null }],
  [
    "text default ' default ''x'' '",
    { type: 'text', notNull: false, default: { value: " default 'x' " } },
  ],
])('%s', (text, expected) => {
  expect(parseDeclared('a', text)).toEqual({ name: 'a', ...expected })
})

test.each([
  ['', 'there is no type'],
  [' not null', 'there is no type'],
  ['int default pg_sleep(1)', 'a default is a value'],
  ['int default nextval()', 'nextval() is no value'],
  ['int default 1 + 1', 'a default is a value'],
])('%s cannot be read', (text, problem) => {
  expect(parseDeclared('a', text)).toContain(problem)
})
