/** Comments above a table are skipped and told; one that names the fields is the header. */
import { expect, test } from 'vitest'
import type { CsvOptions } from '../../src/formats/csv/options.ts'
import { look } from './look.ts'

const rows = 'id,name,amount\n1,x,2.5\n2,y,3\n'
const names = ['id', 'name', 'amount']

test.each([
  ['as wide as the rows', '# a,b,c\n', ','],
  ['several of them', '# made by x\n# a,b,c\n\n', ','],
  ['a row that was taken out', '#1,z,7\n', ','],
  ['of another width', '# on monday, at five\n', ','],
  ['marked with %', '% a;b;c\n', ';'],
  ['with another delimiter than the rows', '# a;b;c;d\n# a;b;c;d\n# a;b;c;d\n', ','],
  ['marked with //', '// a,b,c\n', ','],
  ['marked with --', '-- a,b,c\n', ','],
  ['marked with ;', '; made by x\n', ','],
  ['marked with !', '!a,b,c\n', ','],
  ['in quotes, as a spreadsheet writes it', '"# a","b","c"\n', ','],
  ['below a title', 'Report\n# a,b,c\n', ','],
  ['below a line that names the delimiter', 'sep=;\n# a;b;c\n', ';'],
])('%s', (_, above, delimiter) => {
  const text = above + rows.replaceAll(',', delimiter)
  for (const content of [text, text.replaceAll('\n', '\r\n')]) {
    const found = look(content)
    expect(found).toMatchObject({ header: names, codes: ['lines_skipped'] })
    expect(found.records).toHaveLength(2)
    expect(found.notes[0]?.message).toContain('comment')
  }
})

test('comments of several characters, above and within', () => {
  const text = `// a,b,c\n${rows}//3,z,4\n/4,w,5\n`
  const found = look(text, { comment: '//' })
  expect(found).toMatchObject({ header: names, codes: [] })
  expect(found.records.map(([id]) => id)).toEqual(['1', '2', '/4'])
})

test.each([
  ['#id,name,amount\n1,x,2.5\n2,y,3\n', names, 1],
  ['# id,name,amount\n1,x,2.5\n', names, 1],
  ['# made by x\n#\n# id,name,amount\n1,x,2.5\n', names, 3],
  ['% x;y;z\n1;2;3\n', ['x', 'y', 'z'], 1],
  ['# x y\n1.5 2.5\n3.5 4.5\n5.5 6.5\n', ['x', 'y'], 1],
  ['# first,last,city\nanna,b,x\ncarl,d,y\n', ['first', 'last', 'city'], 1],
  ['##format=1\n##x=<a,b>\n#CHROM\tPOS\n1\t100\n2\t200\n', ['CHROM', 'POS'], 3],
])('the header is a comment: %j', (text, header, line) => {
  const found = look(text)
  expect(found.header).toEqual(header)
  const lines = text.trim().split('\n').length
  expect(found.records).toHaveLength(lines - line)
  const [note] = found.notes.filter(({ code }) => code === 'header_commented')
  expect(note?.hint).toContain(`--skip-rows ${line}`)
})

test.each<[string, string, CsvOptions, string[] | null, number]>([
  ['values of records', '#love,10\njoy,5\nlife,7\n', {}, null, 3],
  ['all of a list', '#one\n#two\n', {}, ['#one'], 1],
  ['a header like its records', '#tag,n\n#a,5\n#b,7\n', {}, ['#tag', 'n'], 2],
  ['a name by itself', '#,name\n1,x\n2,y\n', {}, ['#', 'name'], 2],
  ['a number of something', '# of items,price\n1,2.5\n', {}, ['# of items', 'price'], 1],
  ['an empty first name', ';a;b\n0;1;2\n1;3;4\n', {}, ['', 'a', 'b'], 2],
  ['of lines that are said to be data', `# a,b,c\n${rows}`, { skipRows: 0 }, ['a', 'b', 'c'], 3],
  ['without a header', '#a,b,c\n1,2,3\n', { header: false }, null, 2],
])('a mark is a part of %s', (...[_, text, format, header, records]) => {
  const found = look(text, format)
  expect(found.header).toEqual(header)
  expect(found.records).toHaveLength(records)
})
