/** Checks as the command line writes them. */
import { Value } from 'typebox/value'
import { expect, test } from 'vitest'
import { checkSpec } from '../../src/spec/checkSpec.ts'
import { Check, checkName, readCheck } from '../../src/spec/expect.ts'

const forms: [string, Check][] = [
  ['rows 1..', { rows: { min: 1 } }],
  ['rows ..5', { rows: { max: 5 } }],
  ['rows 1..5 change 2.5%', { rows: { min: 1, max: 5, changeMax: '2.5%' } }],
  ['rows change 20%', { rows: { changeMax: '20%' } }],
  ['not-null id, Order No', { notNull: ['id', 'Order No'] }],
  ['unique id, day', { unique: ['id', 'day'] }],
  ['values state in open, closed', { values: { column: 'state', in: ['open', 'closed'] } }],
  ['values amount -1..1e3', { values: { column: 'amount', min: '-1', max: '1e3' } }],
  ['values day 2024-01-01..', { values: { column: 'day', min: '2024-01-01' } }],
  ['fresh updated at 2d', { fresh: { column: 'updated at', within: '2d' } }],
  ['no-rows select * from rows where a > b', { noRows: 'select * from rows where a > b' }],
]

test.each(forms)('%s', (text, check) => {
  expect(readCheck(text)).toEqual(check)
  expect(readCheck(` warn ${text}`)).toEqual({ ...check, severity: 'warn' })
  expect(readCheck(JSON.stringify(check))).toEqual(check)
  expect(checkName(check)).toBe(text)
  expect(Value.Check(Check, check)).toBe(true)
})

test.each([
  'rows',
  'rows a..b',
  'rows 1',
  'null id',
  '{"rows"',
  'fresh day',
  'rows change much',
  '',
])('%s is no check', (text) => {
  expect(Value.Check(Check, readCheck(text))).toBe(false)
})

const spec = { source: { kind: 'upload' as const, uploads: ['a.csv'] }, target: { table: 't' } }

test('a check is of one kind, and its bounds have something between them', () => {
  const told = (check: Check, target = {}) => {
    expect(() =>
      checkSpec({ ...spec, target: { ...spec.target, ...target }, expect: [check] }),
    ).toThrow(expect.objectContaining({ code: 'spec_invalid' }))
  }
  told({})
  told({ notNull: ['a'], unique: ['a'] })
  told({ rows: { min: 2, max: 1 } })
  told({ values: { column: 'a' } })
  told({ values: { column: 'a', in: ['1'], min: 1 } })
  told({ notNull: ['a'] }, { atomic: false })
  checkSpec({ ...spec, expect: [{ notNull: ['a'] }] })
})
