/** Which file goes to which of several targets, and what names of files make of names of tables. */
import { expect, test } from 'vitest'
import { partId, showTables, splitInto, TargetSorter } from '../../src/domain/severalTargets.ts'
import { showTable } from '../../src/domain/table.ts'
import { plainNames, uploadName } from '../../src/domain/upload.ts'

test.for([
  ['public.trips', null, 'public.trips'],
  ['orders*.csv=public.orders', 'orders*.csv', 'public.orders'],
  ['*/eu/*.csv = eu.orders', '*/eu/*.csv', 'eu.orders'],
  ['year=2026/*=public.trips', 'year=2026/*', 'public.trips'],
  ['"a=b"', null, '"a=b"'],
  ['*.csv="my schema"."a=b"', '*.csv', '"my schema"."a=b"'],
  ['*={name}', '*', '{name}'],
])('--into %s', ([text = '', match, table]) => {
  expect(splitInto(text as string)).toEqual({ match, table })
})

const sorter = (...rules: [match: string, table: string][]) =>
  new TargetSorter(
    rules.map(([match, table]) => ({ match, table })),
    { mayLeaveOut: false },
  )
const tableOf = (table: string, file: string) => {
  const found = sorter(['*', table]).targetOf(file)
  return found && showTable(found.table)
}

test.for([
  ['/data/orders.csv', 'public.orders'],
  ['/data/Orders 2026.csv.gz', 'public.orders_2026'],
  ['/data/trips.zip/2025/Jan.csv', 'public.jan'],
  ['/data/book.xlsx/Q1 Sales', 'public.q1_sales'],
  ['https://x.org/a/orders.csv?sig=/x.y#z', 'public.orders'],
  ['orders', 'public.orders'],
  ['2026-01.ndjson', 'public."2026_01"'],
  ['Ünïcode.csv', 'public."ünïcode"'],
  ['a.b.csv', 'public.a_b'],
  ['evil"; drop table x; --.csv', 'public.evil_drop_table_x'],
])('the name of %s makes the table %s', ([file = '', table]) => {
  expect(tableOf('{name}', file)).toBe(table)
})

test('what stands beside the name stays', () => {
  expect(tableOf('raw.in_{name}_v2', 'Orders.csv')).toBe('raw.in_orders_v2')
  expect(tableOf('"Raw"."In {name}"', 'Orders.csv')).toBe('"Raw"."In orders"')
  expect(tableOf('public.all', 'Orders.csv')).toBe('public.all')
})

test.for([
  ['{name}', '---.csv', 'file_names_no_table'],
  ['{name}', `${'x'.repeat(64)}.csv`, 'file_names_no_table'],
  ['{name}', `${'é'.repeat(32)}.csv`, 'file_names_no_table'],
  ['{name}', 'sluice_landing_0.csv', 'target_reserved'],
  ['{name}.t', 'pg_catalog.csv', 'table_name_invalid'],
  ['{name}_{name}', 'a.csv', 'table_name_invalid'],
  ['pg_catalog.{name}', 'pg_class.csv', 'target_reserved'],
])('%s is refused for %s: %s', ([table = '', file = '', code]) => {
  expect(() => tableOf(table, file)).toThrow(expect.objectContaining({ code }))
})

test('the first glob that matches counts', () => {
  const sorted = sorter(['orders*', 'o'], ['*/eu/*.csv', 'eu'], ['*', '{name}'], ['never*', 'n'])
  const at = (file: string) => sorted.targetOf(file)?.table.name
  expect(['/x/orders1.csv', '/eu/a.csv', '/x/eu/orders.csv', '/b.csv'].map(at)).toEqual([
    ...['o', 'a', 'o', 'b'],
  ])
  expect(at('/d/x/eu/a.csv')).toBe('eu')
  expect(sorted.idle).toMatchObject([{ match: 'never*' }])
})

test('a file that none is for is refused, unless it may be left out', () => {
  const rules = [{ match: 'a*', table: 'a' }]
  expect(new TargetSorter(rules, { mayLeaveOut: true }).targetOf('b.csv')).toBe(null)
  expect(() => sorter(['a*', 'a'], ['c*', 'c']).targetOf('b.csv')).toThrow(
    'None of the targets is for the file b.csv: it matches none of a*, c*.',
  )
})

test('a table has one target, and there are a hundred at most', () => {
  const sorted = sorter(['a*', 'b'], ['*', '{name}'])
  sorted.targetOf('a.csv')
  expect(() => sorted.targetOf('b.csv')).toThrow('The targets of a* and of * are both')
  const many = sorter(['*', '{name}'])
  for (let no = 0; no < 100; no++) many.targetOf(`t${no}.csv`)
  expect(many.targetOf('t7.json')).toMatchObject({ table: { name: 't7' } })
  expect(() => many.targetOf('t100.csv')).toThrow('more than 100 tables')
})

test('an upload has the name that its file had before it was sent', () => {
  const files = ['orders.csv', '2-orders.csv', 'a b/c.zip'.slice(4)]
  const names = files.map((file, index) => uploadName('shop-1', file, index))
  const plain = plainNames('shop-1', [
    ...names.slice(0, 2),
    `${names[2]}/x.csv`,
    `${names[2]}/y.csv`,
  ])
  expect(names.map(plain)).toEqual(files)
  expect(plain(`${names[2]}/x.csv`)).toBe('c.zip/x.csv')
  // One that a client named itself.
  expect(plain('orders-2026.csv')).toBe('orders-2026.csv')
})

test('the ids of targets are counted from 1', () => {
  expect(partId('shop-1', 1)).toBe('shop-1.target-1')
})

test('of many tables the first are shown', () => {
  const rules = Array.from({ length: 100 }, (_, no) => ({ match: `${no}*`, table: `table_${no}` }))
  expect(showTables(rules.slice(0, 2))).toBe('public.table_0, public.table_1')
  const all = showTables(rules)
  expect(all).toMatch(/^public\.table_0, .* and \d+ more$/)
  expect(all.length).toBeLessThan(300)
})
