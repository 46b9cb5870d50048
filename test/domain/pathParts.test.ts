/** What the path of a file says of its records. */
import { expect, test } from 'vitest'
import { pathPartsOf } from '../../src/domain/pathParts.ts'

test.each<[string, [string, string | null][]]>([
  [
    '/data/year=2026/month=01/a.csv',
    [
      ['year', '2026'],
      ['month', '01'],
    ],
  ],
  [
    '/data/a=1/plain/b=2/c=3.csv',
    [
      ['a', '1'],
      ['b', '2'],
    ],
  ],
  ['/data/a.zip/day=2026-01-31/x.csv', [['day', '2026-01-31']]],
  ['a=b=c/x.csv', [['a', 'b=c']]],
  ['a=%2Fx%3D%C3%BC/x.csv', [['a', '/x=\u00fc']]],
  ['a%20b=1/x.csv', [['a b', '1']]],
  [
    'a=__HIVE_DEFAULT_PARTITION__/b=/x.csv',
    [
      ['a', null],
      ['b', null],
    ],
  ],
  [
    'a=100%/b=%ff/c=%00/x.csv',
    [
      ['a', '100%'],
      ['b', '%ff'],
      ['c', '%00'],
    ],
  ],
  ['/data/=1/x.csv', []],
])('%s', (path, parts) => {
  expect(pathPartsOf(path)).toEqual(parts.map(([name, value]) => ({ name, value })))
})

test('a part that comes twice is refused, whatever its case', () => {
  expect(() => pathPartsOf('/a=1/b=2/A=3/x.csv')).toThrow('has the part A twice')
})
