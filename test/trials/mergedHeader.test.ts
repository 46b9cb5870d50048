/** Headers of several rows, made from cells that were merged in a spreadsheet. */
import { expect, test } from 'vitest'
import { look } from './look.ts'

const joined = (...records: string[]) => `${records.join('\n')}\n`

const travel = ['Date,Town,Travel,,,Other,Total', ',,Air,Rail,Taxi,,']
const trips = ['2014-04-04,Cardiff,,65.60,,,65.60', '2014-04-09,London,,,16.00,,16.00']

test.each([
  [
    'names below each of the merged cells, over values',
    ['lab,,field,', 'X,Y,X,Y', '7.07,5.65,7.38,5.56', '7.22,4.71,7.53,4.87'],
    ['lab X', 'lab Y', 'field X', 'field Y'],
    2,
  ],
  [
    'names below merged cells alone',
    [...travel, ...trips],
    ['Date', 'Town', 'Travel Air', 'Travel Rail', 'Travel Taxi', 'Other', 'Total'],
    2,
  ],
  [
    'a row of nothing in between',
    [travel[0] as string, ',,,,,,', travel[1] as string, ...trips],
    ['Date', 'Town', 'Travel Air', 'Travel Rail', 'Travel Taxi', 'Other', 'Total'],
    2,
  ],
  [
    'merged cells below merged cells',
    [
      'Body,Staff,,,,Cost',
      ',Junior,,Senior,,',
      ',Heads,FTE,Heads,FTE,',
      'A,1,1.5,2,2.5,£3',
      'B,4,4.5,5,5.5,£6',
    ],
    [
      'Body',
      'Staff Junior Heads',
      'Staff Junior FTE',
      'Staff Senior Heads',
      'Staff Senior FTE',
      'Cost',
    ],
    2,
  ],
])('a header of %s', (_, records, header, rows) => {
  const found = look(joined(...records))
  expect(found.header).toEqual(header)
  expect([found.records.length, found.codes]).toEqual([rows, ['header_rows']])
})

test('titles may stand above it', () => {
  const found = look(joined('Expenses of the office,,,,,,', ',,,,,,', ...travel, ...trips))
  expect(found.header?.slice(1, 4)).toEqual(['Town', 'Travel Air', 'Travel Rail'])
  expect(found.records).toHaveLength(2)
  expect(found.codes.toSorted()).toEqual(['header_rows', 'lines_skipped'])
})

test.each([
  ['texts above texts', ['first,,last,,no', 'bob,m,mill,x,', 'ann,f,hall,y,2']],
  ['the same text twice below one cell', ['id,place,,kg', ',rome,rome,', '2,bern,bonn,4']],
  ['values below merged cells', ['id,place,,kg', ',5,6,', '2,7,8,4']],
  ['names that do not reach to the end of the cell', ['id,place,,,kg', ',a,b,,', '2,7,8,9,4']],
  ['empty names at the end', ['id,name,,', '1,rome,,', '2,bern,,']],
])('the second record is data: %s', (_, records) => {
  const { records: data, codes } = look(joined(...records))
  expect([data.length, codes.includes('header_rows')]).toEqual([records.length - 1, false])
})

test('a record of data is kept as it stands', () => {
  const { records } = look(joined(...travel, ...trips))
  expect(records[0]).toEqual(['2014-04-04', 'Cardiff', null, '65.60', null, null, '65.60'])
})
