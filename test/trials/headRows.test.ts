/** Headers of several rows, and those that are split at something else than their records. */
import { describe, expect, test } from 'vitest'
import { readHead } from '../../src/formats/csv/head.ts'
import type { CsvOptions } from '../../src/formats/csv/options.ts'
import { readingOf } from '../../src/formats/csv/reading.ts'
import { triage } from '../../src/formats/csv/repair.ts'
import { copyTakes, rewriterOf } from '../../src/formats/csv/rewrite.ts'
import { Shaper } from '../../src/formats/csv/shape.ts'

function look(text: string, format: CsvOptions = {}) {
  const bytes = Buffer.from(text)
  const head = readHead(bytes, { name: 'x.csv', sizeBytes: bytes.length }, format)
  const { dialect, header, start, width, notes } = head
  const rest = bytes.subarray(start.offset).toString()
  return { dialect, header, width, rest, codes: notes.map(({ code }) => code) }
}

const data = '1,2024-01-31,1.5,a\n2,2024-02-01,2.5,b\n3,2024-02-02,3.5,c\n'

test.each([
  ['it comes twice', `id,day,kg,name\nid,day,kg,name\n${data}`, 'id,day,kg,name'],
  ['three times', `id,n\nID,N\nid,n\n${'1,a\n'.repeat(3)}`, 'id,n'],
  ['units below names', `id,day,mass,name\nno,ISO,kg,\n${data}`, 'id no,day ISO,mass kg,name'],
])('a header of several rows: %s', (_, text, header) => {
  const found = look(text)
  expect(found.header?.join()).toBe(header)
  expect(found.rest.startsWith('1,')).toBe(true)
  expect(found.codes).toEqual(['header_rows'])
  const one = look(text, { header: 1 })
  expect([one.dialect.headerRows, one.codes]).toEqual([undefined, []])
})

test.each([
  ['texts in two columns of values', `id,day,name\nx,y,z\n${data.replaceAll(/,\d\.5/g, '')}`],
  ['one value among texts', `id,day,kg,name\nno,2024-01-01,kg,z\n${data}`],
  ['a word for NULL', `id,day,kg,name\nno,ISO,n/a,z\n${data}`],
  ['the same texts above texts', 'ann,rome\nann,rome\nbob,bern\ncid,paris\n'],
  ['nothing but texts', 'a,b,c,d\nw,x,y,z\ne,f,g,h\ni,j,k,l\nm,n,o,p\n'],
  ['too few records to tell', 'a,b,c,d\nx,y,z,z\n1,2,3,4\n5,6,7,8\n'],
])('the second record is data: %s', (_, text) => {
  const { dialect, codes } = look(text)
  expect([dialect.headerRows, codes]).toEqual([undefined, []])
})

test('a header that is split at something else than its records', () => {
  const found = look('id day "the kg" name\n1,2024-01-31,1.5,a\n2,2024-02-01,2.5,b\n')
  expect(found).toMatchObject({ header: ['id', 'day', 'the kg', 'name'], width: 4 })
  expect(found.codes).toEqual(['header_otherwise'])
  const tabs = look('id\tn\n1;2\n3;4\n5;6\n')
  expect([tabs.header, tabs.codes]).toEqual([['id', 'n'], ['header_otherwise']])
  const short = look('id day\n1,2024-01-31,1.5,a\n2,2024-02-01,2.5,b\n')
  expect([short.header?.[0], short.codes]).toEqual(['id day', ['header_completed']])
})

describe('--repeated-headers reject', () => {
  const rejectThem = { repeatedHeaders: 'reject' } as const
  const text = `id,"the kg"\n1,1.5\nid,the kg\n2,2.5\n id,"the kg"\nid,kg\n`

  test('the same names are a reject of the repair lane, and no value of a column', () => {
    const bytes = Buffer.from(text)
    const head = readHead(bytes, { name: 'x.csv', sizeBytes: bytes.length }, rejectThem)
    const { dialect, start, width } = head
    expect(dialect.repeatedHeaders).toEqual([['id', 'the kg']])
    const columns = [0, 1].map((at) => ({ name: `c${at}`, type: 'text' }))
    expect(copyTakes(dialect, columns)).toBe(false)
    const slice = bytes.subarray(start.offset)
    const writer = rewriterOf(slice, dialect, columns)
    const options = { recordBytesMax: 1000, lines: start.lines, blankIsRecord: false, writer }
    const { lines, broken } = triage(slice, dialect, options)
    expect(lines).toEqual([2, 4, 6])
    expect(broken.map(({ line, code }) => [line, code])).toEqual([
      [3, 'repeated_header'],
      [5, 'repeated_header'],
    ])
    const shaper = new Shaper(head, { sizeBytes: bytes.length })
    shaper.push(bytes)
    const firsts = shaper.shape().types?.map(({ tallies }) => tallies.map(([kind]) => kind))
    expect([width, firsts]).toEqual([
      2,
      [
        ['whole', 'text'],
        ['decimal', 'text'],
      ],
    ])
  })

  test('without it, and without a header, they are rows', () => {
    expect(look(text).dialect.repeatedHeaders).toBeUndefined()
    const { dialect } = look('1,2\n3,4\n1,2\n', { ...rejectThem, header: false })
    expect(dialect.repeatedHeaders).toEqual([])
    expect(copyTakes(dialect, [])).toBe(true)
  })
})

test('a later file whose header comes twice is looked at by itself', () => {
  const first = {
    name: '1.csv',
    header: ['id', 'n'],
    width: 2,
    dialect: look('id,n\n1,2\n').dialect,
  }
  const bytes = Buffer.from('id,n\nid,n\n1,2\n3,4\n')
  const file = { name: '2.csv', bytes, whole: true, isNamed: false }
  const read = readingOf(file, { format: {}, first })
  expect(read).toMatchObject({ head: { dialect: { headerRows: 2 }, start: { lines: 2 } } })
})
