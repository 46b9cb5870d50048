/** Files as they come: each way of writing, from the spec to the rows and the rejects. */
import { describe, expect, test } from 'vitest'
import { dirtyFiles, lines } from './dirtyFiles.ts'

const { load } = await dirtyFiles()

describe('delimiter, quote, escape, line end', () => {
  test.each(['||', '~|~', '¦', '::'])('the delimiter %s', async (delimiter) => {
    const text = lines('id,name', '1,"a,b"', '2,', '3,c,d', '4,"two\nlines, ""x"""', '5,e')
    const { rows, rejects, lanes } = await load(text.replaceAll(',', delimiter))
    expect(rows).toEqual([
      [1, `a${delimiter}b`],
      [2, null],
      [4, `two\nlines${delimiter} "x"`],
      [5, 'e'],
    ])
    expect(rejects).toEqual([[4, null, 'wrong_column_count', ['3', 'c', 'd'].join(delimiter)]])
    expect(lanes).toEqual(['repair'])
  })

  test('single quotes, a backslash before a quote: in the fast lane', async () => {
    const single = await load(lines('id,name', "1,'a, b'", "2,'it''s \"x\"'", '3,c'))
    expect(single.rows).toEqual([
      [1, 'a, b'],
      [2, `it's "x"`],
      [3, 'c'],
    ])
    const escaped = await load(lines('id,name', '1,"say \\"a, b\\""', '2,"x\\\\"', '3,"\\"c"'))
    expect(escaped.rows).toEqual([
      [1, 'say "a, b"'],
      [2, 'x\\'],
      [3, '"c'],
    ])
    expect([single.lanes, escaped.lanes]).toEqual([['fast'], ['fast']])
  })

  test('no quote at all, also where the bytes have what COPY is told of', async () => {
    const text = lines('id;size', '1;4" pipe', '2;"', '3;5" and 6"', '4;7"', 'x;8"')
    const plain = await load(text, { format: { quote: '' }, create: 'id int, size text' })
    const rejects = [[6, 'id', '22P02', 'x;8"']]
    expect(plain).toMatchObject({ lanes: ['fast'], rejects })
    expect(plain.rows).toEqual([
      [1, '4" pipe'],
      [2, '"'],
      [3, '5" and 6"'],
      [4, '7"'],
    ])
    const odd = await load(`${text}5;a\x01b\n`, {
      format: { quote: '' },
      create: 'id int, size text',
    })
    expect(odd).toMatchObject({ lanes: ['repair'], rejects })
    expect(odd.rows).toEqual([...plain.rows, [5, 'a\x01b']])
  })

  test('CR, LF, CRLF and a mix of the last two', async () => {
    for (const [ends, lane] of [
      [['\n'], 'fast'],
      [['\r\n'], 'fast'],
      [['\r'], 'fast'],
      [['\n', '\r\n'], 'repair'],
    ] as const) {
      const records = ['id,name', '1,a', '2,"b\n2"', 'x,c', '4,d']
      const text = records.map((record, n) => record + ends[n % ends.length]).join('')
      const { rows, rejects, lanes } = await load(text, { create: 'id int, name text' })
      expect(rows).toEqual([
        [1, 'a'],
        [2, 'b\n2'],
        [4, 'd'],
      ])
      expect(rejects).toEqual([[ends[0] === '\r' ? 4 : 5, 'id', '22P02', 'x,c']])
      expect(lanes).toEqual([lane])
    }
  })

  test('a quote that is never closed, blank lines', async () => {
    const text = lines('id||name', '1||"open', '2||b', '', '3||c')
    const { rows, rejects } = await load(text)
    expect(rows.map(([id]) => id)).toEqual([2, 3])
    expect(rejects).toEqual([[2, null, 'quote_not_closed', '1||"open']])
  })
})

describe('titles, comments, footer, header', () => {
  test('titles are sniffed, the footer is given, lines are those of the file', async () => {
    const text = lines(
      'Sales, "draft',
      '',
      'id,name,sum,x',
      '1,a,2,y',
      'x,b,3,y',
      '',
      'Total,,5,',
      'end',
    )
    const format = { skipFooter: 2 }
    const { rows, rejects, read } = await load(text, {
      format,
      create: 'id int, name text, sum int, x text',
    })
    expect([rows, read]).toEqual([[[1, 'a', 2, 'y']], 2])
    expect(rejects).toEqual([[5, 'id', '22P02', 'x,b,3,y']])
  })

  test('lines in front that are given, in a file without a header', async () => {
    const format = { skipRows: 1, header: false }
    const { rows } = await load(lines('one,two,three', '1,a', '2,b'), { format })
    expect(rows).toEqual([
      [1, 'a'],
      [2, 'b'],
    ])
  })

  test('comments between records, before them and at the end', async () => {
    const text = lines(
      '# made by',
      'id,name',
      '# a "comment',
      '1,a',
      '#',
      'x,b',
      '2,"# no\n# comment"',
      '# end',
    )
    const { rows, rejects, lanes } = await load(text, {
      format: { comment: '#' },
      create: 'id int, name text',
    })
    expect(rows).toEqual([
      [1, 'a'],
      [2, '# no\n# comment'],
    ])
    expect([rejects, lanes]).toEqual([[[6, 'id', '22P02', 'x,b']], ['repair']])
  })

  test('two header rows, names that are given, a header in the middle', async () => {
    const two = await load(lines('Person,,Sum', 'first,last,', 'Ada,L,1', 'first,last,'), {
      format: { header: 2 },
    })
    expect(two.columns).toEqual(['person_first text', 'person_last text', 'sum bigint'])
    expect(two.rows).toEqual([
      ['Ada', 'L', 1],
      ['first', 'last', null],
    ])
    const format = { columns: ['x', 'y'], header: false }
    const named = await load(lines('1,a', '2,b'), { format })
    expect([named.columns, named.rows.length]).toEqual([['x bigint', 'y text'], 2])
    const wrong = await load(lines('1,a,b'), { format })
    expect([wrong.rows, wrong.rejects]).toEqual([[], [[1, null, 'wrong_column_count', '1,a,b']]])
    const some = await load(lines('1', '1,a', '2,b'), { format })
    expect([some.rows.length, some.rejects.map((reject) => reject.at(-1))]).toEqual([2, ['1']])
    const empty = await load(lines(), { format })
    expect([empty.columns, empty.rows]).toEqual([['x text', 'y text'], []])
  })

  test('a count, a header that is too short, titles, sep=: what most records say holds', async () => {
    const data = lines('1,a,x', '2,b,y', '3,c,z')
    const count = await load(`3,2\n${data}`)
    expect([count.columns?.length, count.rows.length]).toEqual([3, 3])
    expect([count.rejects, count.notes]).toEqual([
      [[1, null, 'wrong_column_count', '3,2']],
      ['no_header', 'rejects_likely'],
    ])
    const short = await load(`id,name\n${data}`)
    expect([short.columns, short.rejects, short.notes]).toEqual([
      ['id bigint', 'name text', 'column_3 text'],
      [],
      ['header_completed'],
    ])
    const titles = await load(`sep=;\nReport;;\nid;name;x\n${data.replaceAll(',', ';')}`)
    expect([titles.columns, titles.rows.length, titles.notes]).toEqual([
      ['id bigint', 'name text', 'x text'],
      3,
      ['lines_skipped'],
    ])
  })

  test('missing, doubled and long names: made unique, or named in the error', async () => {
    const long = 'n'.repeat(300)
    const text = lines(`id,ID,,${long}`, '1,2,3,4')
    const { columns } = await load(text, { format: { header: true } })
    expect(columns).toEqual([
      'id bigint',
      'id_2 bigint',
      'column_3 bigint',
      `${'n'.repeat(63)} bigint`,
    ])
    const existing = await load(text, { format: { header: true }, create: 'id int' })
    expect(existing.error).toBe('column_unknown')
    expect(existing.message).toMatch(
      /ID \(field 2, a second time\), \(field 3 has no name\), n{80}…/,
    )
  })
})
