/** Names of columns: made from any header, and found again in the table that was made from it. */
import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { TargetColumn } from '../../src/domain/columns.ts'
import { namingOf } from '../../src/domain/mapping.ts'
import { addedNames, columnNames, matchColumns } from '../../src/domain/names.ts'

const asWritten = namingOf({ names: 'as-is' })

const columnsOf = (names: readonly string[]): TargetColumn[] =>
  names.map((name) => ({
    name,
    type: 'text',
    notNull: false,
    hasDefault: false,
    generated: false,
    identity: false,
  }))

const found = (header: string[], table: string[]) => matchColumns(header, columnsOf(table)).columns

test('words of lower case, or as they are written; each name is another one', () => {
  const header = ['Order ID', 'order id', '', ' Größe (cm) ', '%', 'a"b']
  const words = ['order_id', 'order_id_2', 'column_3', 'größe_cm', 'column_5', 'a_b']
  expect(columnNames(header)).toEqual(words)
  const asIs = ['Order ID', 'order id', 'column_3', ' Größe (cm) ', '%', 'a"b']
  expect(columnNames(header, asWritten)).toEqual(asIs)
  expect(columnNames(['Id', 'Id', ' ', 'a\0b'], asWritten)).toEqual([
    'Id',
    'Id_2',
    'column_3',
    'a\ufffdb',
  ])
})

test('the columns that every table has cannot be made again', () => {
  const system = ['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']
  const renamed = system.map((name) => `${name}_2`)
  expect(columnNames(system)).toEqual(renamed)
  expect(columnNames(system, asWritten)).toEqual(renamed)
  expect(columnNames(['CTID', 'ctid', 'oid', 'select'])).toEqual([
    'ctid_2',
    'ctid_3',
    'oid',
    'select',
  ])
  expect(columnNames(['CTID'], asWritten)).toEqual(['CTID'])
  expect(addedNames(['Xmin', 'a', null], ['a'])).toEqual(['xmin_2', 'a_2', null])
})

test('63 bytes, without half a character', () => {
  for (const char of ['n', 'é', '€', '😀']) {
    for (const before of ['', 'x', 'xy']) {
      const name = before + char.repeat(100)
      const [one = '', two = ''] = columnNames([name, name], asWritten)
      for (const each of [one, two]) {
        const bytes = Buffer.byteLength(each)
        expect([each, bytes <= 63, bytes > 63 - 4 - 2]).toEqual([each, true, true])
        expect(each).not.toContain('\ufffd')
      }
      expect([name.startsWith(one), one === two, two.endsWith('_2')]).toEqual([true, false, true])
    }
  }
})

test('a column is found as it is written first, then by case, then by words', () => {
  expect(found(['ID', 'id'], ['id', 'ID'])).toEqual(['ID', 'id'])
  expect(found(['Id', 'id'], ['id'])).toEqual(['', 'id'])
  expect(found(['First Name', 'ID'], ['id', 'first_name'])).toEqual(['first_name', 'id'])
  expect(found(['%', ''], ['#', '_'])).toEqual(['', ''])
  expect(found([' a', 'a'], ['a', ' a'])).toEqual([' a', 'a'])
  expect(matchColumns(['id', 'ID', ''], columnsOf(['id'])).unknown).toEqual([
    'ID (field 2, a second time)',
    '(field 3 has no name)',
  ])
})

test('a table that was made from a header takes a file with this header again', () => {
  const name = fc.oneof(
    fc.constantFrom('id', 'ID', '', 'ctid', 'n'.repeat(100), 'n'.repeat(200), '%', ' id'),
    fc.string({ maxLength: 8 }),
  )
  const style = fc.constantFrom(namingOf({}), asWritten)
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 12 }), style, (header, how) => {
      const made = columnNames(header, how)
      expect(new Set(made).size).toBe(header.length)
      // A name that was written alike elsewhere may take the column of a doubled one.
      fc.pre(
        !header.some((each) => made.includes(each) && made.indexOf(each) !== header.indexOf(each)),
      )
      expect(matchColumns(header, columnsOf(made), how)).toEqual({
        columns: made,
        unknown: [],
        missing: [],
      })
    }),
    { numRuns: 500 },
  )
})

test('time is linear in the header, however hostile', () => {
  const long = 'x'.repeat(500_000)
  const headers = [
    [long, long, `${long}y`],
    Array.from({ length: 1600 }, () => 'same'),
    Array.from({ length: 1600 }, (_, n) => `${'n'.repeat(70)}${n}`),
    Array.from({ length: 1600 }, (_, n) => (n < 800 ? `same_${n}` : 'same')),
    Array.from({ length: 1600 }, () => ' '.repeat(500)),
    ['_'.repeat(500_000), '\u0344'.repeat(500_000), `${'-'.repeat(500_000)}x`],
  ]
  const startMs = performance.now()
  for (const header of headers) {
    const made = columnNames(header)
    expect(new Set(made).size).toBe(header.length)
    expect(matchColumns(header, columnsOf(made)).columns).toEqual(made)
    expect(addedNames(header, made)).toHaveLength(header.length)
  }
  // It takes 0.1 s. What looks at all names for each of them takes minutes.
  expect(performance.now() - startMs).toBeLessThan(5000)
})

const sharing = {
  'the same name': () => 'same',
  'names that differ behind their 63rd byte': (n: number) => `${'n'.repeat(70)}${n}`,
  'pairs of names that differ in their last bytes': (n: number) =>
    `${'x'.repeat(60)}${String(100 + (n >> 1)).padStart(3, '0')}`,
  'names that have numbers already': (n: number) => (n % 2 ? 'same' : `same_${n}`),
}

test.each(Object.entries(sharing))('steps are linear in the header: %s', (_, nameOf) => {
  const has = vi.spyOn(Set.prototype, 'has')
  onTestFinished(() => has.mockRestore())
  const stepsOf = (size: number): number => {
    const header = Array.from({ length: size }, (_, n) => nameOf(n))
    has.mockClear()
    const made = columnNames(header)
    const steps = has.mock.calls.length
    expect(new Set(made).size).toBe(size)
    return steps
  }
  const [few, more, most] = [stepsOf(400), stepsOf(800), stepsOf(1600)]
  expect(more / few).toBeLessThan(2.5)
  expect(most / more).toBeLessThan(2.5)
})
