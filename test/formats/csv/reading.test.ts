/** How one file of several is read: by its own bytes first, and as the first table where they leave it open. */
import { expect, test } from 'vitest'
import { clutterOf } from '../../../src/domain/clutter.ts'
import { alikeHead } from '../../../src/formats/csv/alike.ts'
import type { FirstCsv } from '../../../src/formats/csv/dialect.ts'
import { readHead, readHeadBy } from '../../../src/formats/csv/head.ts'
import type { CsvOptions } from '../../../src/formats/csv/options.ts'
import { emptyDialect, readingOf } from '../../../src/formats/csv/reading.ts'

const firstOf = (text: string): FirstCsv => {
  const { dialect, header, width } = readHead(Buffer.from(text), file('1.csv', text), {})
  return { name: '1.csv', dialect, header, width }
}
const file = (name: string, text: string) => ({ name, sizeBytes: Buffer.byteLength(text) })

const isAlike = (bytes: Buffer, first: FirstCsv): boolean => {
  const head = alikeHead(bytes, first)
  const dialect = head?.dialect ?? first.dialect
  // What is not read anew must be what reading it anew would give.
  if (head) expect(head).toEqual(readHeadBy(bytes, { name: 'x', sizeBytes: bytes.length }, dialect))
  return head !== null
}

const read = (text: string, first: FirstCsv | null, format: CsvOptions = {}, name = '2.csv') =>
  readingOf({ name, bytes: Buffer.from(text), whole: true, isNamed: false }, { format, first })

const dialectOf = (...args: Parameters<typeof read>) => {
  const reading = read(...args)
  return 'head' in reading ? reading.head.dialect : null
}

test('files like the first one are known without a sniff; what may differ is not', () => {
  const first = firstOf('id,name,n\n1,"a, b",1.5\n')
  const alike = ['2,c,2.5\n', '', '2,"d, e",\n\n3,f,-1\n', '2,x y z,2024-01-31\r\n', "2,it's,1"]
  for (const rows of alike) {
    expect([rows, isAlike(Buffer.from(`id,name,n\n${rows}`), first)]).toEqual([rows, true])
    expect(isAlike(Buffer.from(`\ufeff\n\nid,name,n\n${rows}`), first)).toBe(true)
    expect(isAlike(Buffer.from(`id,name,n\n${rows}`.replaceAll('\n', '\r\n')), first)).toBe(true)
  }
  const other = [
    "2,'c',1\n",
    '2,"1,5",1\n',
    '2,c\n',
    '2,c,31/12/2024\n',
    '2,c\\d,1\n',
    '2,"c,1\n',
    "2,1'000,1\n",
  ]
  for (const rows of other) {
    expect([rows, isAlike(Buffer.from(`id,name,n\n${rows}`), first)]).toEqual([rows, false])
  }
  for (const text of [
    'id,n,name\n1,2,3\n',
    'id;name;n\n1;2;3\n',
    '1,a,2\n',
    'ID,name,n\n1,a,2\n',
  ]) {
    expect([text, isAlike(Buffer.from(text), first)]).toEqual([text, false])
  }
})

test('numbers and dates are read as in the first table where a file does not tell', () => {
  const first = firstOf('id;n;day\n1;1.234,5;31.12.2024\n')
  const terms = (text: string) => {
    const { decimal, thousands, dates } = dialectOf(text, first) ?? emptyDialect
    return [decimal, thousands, dates]
  }
  expect(terms('id;n;day\n2;7;2024-01-31\n')).toEqual([',', '.', 'DMY'])
  expect(terms('id;n;day\n2;1.234;01/02/2024\n')).toEqual([',', '.', 'DMY'])
  expect(terms('id;n;day\n2;1.5;12/31/2024\n')).toEqual([undefined, undefined, 'MDY'])
  expect(terms('id;n;x\n2;1,5;2.25\n')).toEqual([undefined, undefined, 'DMY'])
  expect(dialectOf('id;n\n2;7\n', firstOf('id,n\n1,2\n'))?.decimal).toBeUndefined()
})

test('names that look like values are names where the first table has them', () => {
  const first: FirstCsv = {
    name: '1.csv',
    dialect: emptyDialect,
    header: ['x', '2023', '2024'],
    width: 3,
  }
  expect(dialectOf('2023,2024\n5,6\n', first)?.header).toBe(true)
  expect(dialectOf('5,6\n7,8\n', first)?.header).toBe(false)
  expect(dialectOf('5,6\n7,8\n', first, { header: true })?.header).toBe(true)
})

test('text for people is no table among tables, unless its name says that it is one', () => {
  const first = firstOf('id,name\n1,a\n')
  const prose = [
    'One line.\n',
    'To whom it may concern,\nthis is it, really, all of it.\n',
    'Here they are, as we said.\nHave a look, my dear.\n',
  ]
  for (const text of prose) {
    expect([text, read(text, first, {}, 'notes.txt')]).toEqual([
      text,
      { leftOut: 'text that is no table' },
    ])
    for (const name of ['notes.csv', 'notes.TSV.gz']) {
      expect([text, 'head' in read(text, first, {}, name)]).toEqual([text, true])
    }
    expect([text, 'head' in read(text, { ...first, name: 'other.txt' }, {}, 'notes.txt')]).toEqual([
      text,
      true,
    ])
  }
  for (const text of ['name,id\nb,2\n', 'id\n7\n', 'x,y\n1,2\n']) {
    expect([text, 'head' in read(text, first, {}, 'notes.txt')]).toEqual([text, true])
  }
  expect(read('%PDF-1.7\n', first, {}, 'a.csv')).toEqual({ leftOut: 'a PDF' })
})

test('files that are no data by their names', () => {
  const clutter = [
    'README',
    'readme.txt',
    'Readme-first.md',
    'LICENSE',
    'a/Thumbs.db',
    '/x/.DS_Store',
    '._a.csv',
    '~$a.csv',
    'logo.PNG',
    'report.pdf',
    'index.html',
  ]
  const data = [
    'a.csv',
    'readme.csv',
    'notes.txt',
    'license_plates.csv',
    'a',
    'README/a.csv',
    'changes.csv',
    'data.xlsx',
  ]
  for (const name of clutter) expect([name, clutterOf({ name })]).not.toEqual([name, null])
  for (const name of data) expect([name, clutterOf({ name })]).toEqual([name, null])
  expect(clutterOf({ name: '/a.zip/__MACOSX/a.csv', member: '__MACOSX/a.csv' })).not.toBeNull()
  expect(clutterOf({ name: '/.hidden/a.zip/a.csv', member: 'a.csv' })).toBeNull()
})

test('what the first table answers is no question of a later file', () => {
  const first = firstOf('id;n;day\n1;1.234,5;31.12.2024\n')
  const told = (text: string, of: FirstCsv | null) => {
    const reading = read(text, of)
    return 'head' in reading ? reading.head.notes.map(({ message }) => message) : null
  }
  const text = 'id;n;day\n2;"1,234";01/02/2024\n'
  expect(told(text, null)).toEqual([
    '1,234 may be a number with thousands or with decimals (column n of 2.csv), so such values stay as they are.',
    '01/02/2024 may have its day or its month first, and no date tells which (column day of 2.csv), so such values stay as they are.',
  ])
  expect(told(text, first)).toEqual([])
})
