/** What the heads of files say that went wrong once, and others of their kinds. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { lines, look } from './look.ts'

const file = (name: string) => readFileSync(join(import.meta.dirname, name))

describe('the trials', () => {
  test('years are names', () => {
    const { header, records } = look(file('year-headers.csv'))
    expect(header).toEqual(['Country Name', 'Country Code', '1960', '1961', '1962'])
    expect(records).toHaveLength(2)
  })

  test('dates are names', () => {
    const { header, records } = look(file('date-headers.csv'))
    expect(header?.slice(2)).toEqual(['Lat', 'Long', '1/22/20', '1/23/20', '1/24/20'])
    expect(records).toHaveLength(3)
  })

  test('titles in front of a header with years', () => {
    const { dialect, header, records, codes } = look(file('world-bank.csv'))
    expect(dialect.skipRows).toBe(4)
    expect(header?.slice(3)).toEqual(['Indicator Code', '1960', '1961', '1962', ''])
    expect(records).toHaveLength(2)
    expect(codes).toEqual(['lines_skipped'])
  })

  test('NA among numbers is no text', () => {
    const { header, records } = look(file('r-export-na.csv'))
    expect(header).toEqual(['', 'reason.4', 'reason.16'])
    expect(records).toHaveLength(3)
  })

  test('only the first name is empty', () => {
    expect(look(file('pandas-index.csv'))).toMatchObject({ header: ['', 'a', 'b'], width: 3 })
  })

  test('a name may be true', () => {
    expect(look(file('header-true.csv'))).toMatchObject({ header: ['x', 'y', 'true'] })
  })

  test('a count in the first line is one record that is odd', () => {
    const { header, width, records, codes } = look(file('count-then-data.csv'))
    expect([header, width, records.length]).toEqual([null, 6, 7])
    expect(records[0]).toEqual(['4', '3', 'setosa', 'versi'])
    expect(codes).toEqual(['no_header'])
  })

  test('titles of two fields, and a header that is too short', () => {
    const found = look(file('title-lines-trailing-delimiters.csv'))
    expect(found.dialect.skipRows).toBe(3)
    expect(found.header).toEqual(['Transaction Date', 'Settlement', 'Number', ''])
    expect(found.records.map((record) => record[2])).toEqual(['1435055555', '1435055556'])
    expect(found.codes).toEqual(expect.arrayContaining(['lines_skipped', 'header_completed']))
  })

  test('sep= names the delimiter', () => {
    const { dialect, header, records } = look(file('excel-sep-line.csv'))
    expect(dialect).toMatchObject({ delimiter: ';', skipRows: 1 })
    expect(header).toEqual(['id', 'name', 'price'])
    expect(records).toHaveLength(2)
  })

  test('a header with more names than fields names --ragged pad', () => {
    const { width, notes } = look(file('header-wider-than-rows.csv'))
    expect(width).toBe(4)
    expect(notes).toMatchObject([
      { code: 'header_wider', hint: expect.stringContaining('--ragged pad') },
    ])
    expect(look(file('header-wider-than-rows.csv'), { ragged: 'pad' }).notes).toEqual([])
  })

  test('a file that begins with more blank lines than are looked at is not taken for an empty one', () => {
    expect(() => look(`${'\n'.repeat(1.1 * 2 ** 20)}a,b\n1,2\n`)).toThrow('hold no record')
  })

  test('blanks between numbers', () => {
    const { dialect, width, codes, records } = look(file('blanks-between-fields.csv'))
    expect([dialect.delimiter, width, records.length]).toEqual([' ', 4, 3])
    expect(codes).toEqual(['no_header', 'delimiter_guessed'])
  })

  test('single quotes with JSON in them', () => {
    const { dialect, records } = look(file('single-quotes-backslash-json.csv'))
    expect(dialect).toMatchObject({ delimiter: ';', quote: "'", escape: '\\', header: false })
    expect(records[0]?.[4]).toBe(`{"D":["lady's@example.org","x"]}`)
    expect(records[1]?.[4]).toBe('{"D":["a","b"]}')
  })

  test('single quotes around fields, apostrophes in others, and some that are not escaped', () => {
    const text = lines(
      (n) => `${n},Men's,'${n % 2 ? 'one, two' : 'three'}${n % 3 ? '' : " and it's"}'`,
    )
    const { dialect, width, records } = look(`id,what,text\n${text}`)
    expect([dialect.quote, width]).toEqual(["'", 3])
    expect(records[1]).toEqual(['1', "Men's", 'one, two'])
  })

  test('formulas of Excel', () => {
    const { header, records } = look(file('excel-formula-strings.csv'))
    expect(header).toEqual(['id', 'code'])
    expect(records.map(([, code]) => code)).toEqual(['="001"', '="002"'])
  })
})

describe('width', () => {
  test.each([
    ['more at the end', 'a,b,c,,\n', ['a', 'b', 'c']],
    ['one more within', 'a,,b,c\n', ['a', 'b', 'c']],
    ['fewer', 'a,b\n', ['a', 'b', '']],
    ['far fewer', 'a\n', ['a', '', '']],
  ])('a header with %s', (_, head, header) => {
    const found = look(head + lines((n) => `${n},x,y`))
    expect([found.header, found.width, found.records.length]).toEqual([header, 3, 20])
  })

  test('row names of R, whatever the delimiter', () => {
    for (const mark of [',', '\t', ' ', ';']) {
      const text = `"mpg"${mark}"cyl"\n"Mazda RX4"${mark}21${mark}6\n"Datsun"${mark}22.8${mark}4\n`
      const { header, records, codes } = look(text)
      expect(header).toEqual(['', 'mpg', 'cyl'])
      expect(records[0]).toEqual(['Mazda RX4', '21', '6'])
      expect(codes).toContain('row_names')
    }
    expect(look('"x"\n"1","a"\n"2","b"\n').header).toEqual(['', 'x'])
    expect(look('x,y\nMazda RX4,21,6\nDatsun 710,22.8,4\n').header).toEqual(['', 'x', 'y'])
  })

  test('--ragged trim and fit take the width of the header', () => {
    const text = `a,b\n${lines((n) => `${n},x,y`)}`
    expect(look(text, { ragged: 'trim' })).toMatchObject({ header: ['a', 'b'], width: 2 })
    expect(look(text, { ragged: 'fit' })).toMatchObject({ header: ['a', 'b'], width: 2 })
    expect(look(text, { ragged: 'pad' })).toMatchObject({ header: ['a', 'b', ''], width: 3 })
  })

  test('a first record without a header may be odd', () => {
    for (const first of ['1', '1,2', '1,2,3,4', '1,2,3,4,5,6,7']) {
      const { header, width, records } = look(`${first}\n${lines((n) => `${n},${n},${n}`)}`)
      expect([header, width, records.length]).toEqual([null, 3, 21])
    }
  })

  test('--columns says the width, also of an empty file', () => {
    const columns = ['x', 'y']
    expect(
      look(
        lines((n) => `${n},a,b`),
        { columns },
      ),
    ).toMatchObject({ header: columns, width: 2 })
    expect(look('', { columns })).toMatchObject({ header: columns, width: 2, records: [] })
  })
})

describe('header', () => {
  test.each([
    ['quarters and years', 'region,2019,2020,2021\n', (n: number) => `r${n},${n * 7},5.5,NA`],
    ['years from now back', 'region,2021,2020,2019\n', (n: number) => `r${n},${n * 7},5.5,1`],
    ['dates alone', 'name,2024-01-01,2024-02-01\n', (n: number) => `a${n},${n},3`],
    ['numbers that count up', 'id,1,2,3\n', (n: number) => `${n},${n * 3},5.5,2`],
    ['false', 'a,b,FALSE\n', (n: number) => `${n},${n},x`],
    ['a name that comes twice', 'id,name,name\n', (n: number) => `${n},x,y`],
    ['names that come often', 'x,x,x,x\n', (n: number) => `k${n},0,1,0`],
    ['a stray quote', 'id,na"me,size\n', (n: number) => `${n},x,y`],
    ['words for NULL below', 'id,a,b\n', (n: number) => `${n},${n % 3 ? 'N/A' : n},null`],
    ['money below', 'what,paid,part\n', (n: number) => `x,$${n}.50,${n}%`],
    ['an empty first name', ',a,b\n', (n: number) => `x${n},y,z`],
    ['an empty last name and column', 'a,b,\n', (n: number) => `x${n},y,`],
  ])('%s', (_, first, row) => {
    const { dialect, records } = look(first + lines(row))
    expect([dialect.header, records.length]).toEqual([true, 20])
  })

  test.each([
    ['years as data', 'Aruba,1960,1961\n', (n: number) => `Land ${n},${1950 + n},${1951 + n}`],
    ['dates as data', '2024-01-01,5\n', (n: number) => `2024-02-0${(n % 9) + 1},${n}`],
    ['numbers', '5,1,2,3\n', (n: number) => `${n},${n + 1},${n + 2},${n + 3}`],
    ['booleans', 'true,x\n', (n: number) => `${n % 2 === 0},y`],
    ['a missing number', 'n/a,x,1\n', (n: number) => `${n},y,${n}`],
    ['one bad value', 'bad,12,13\n', (n: number) => `${n},${n},${n}`],
  ])('%s are none', (_, first, row) => {
    const { dialect, records, codes } = look(first + lines(row))
    expect([dialect.header, records.length]).toEqual([false, 21])
    expect(codes).toContain('no_header')
  })

  test('a quote that never closes is a part of its name', () => {
    const { header, records } = look(`id,"name,"size"\n${lines((n) => `${n},"x",y`)}`)
    expect([header, records.length]).toEqual([['id', '"name', 'size'], 20])
    expect(look(`"id,name,size\n${lines((n) => `${n},x,y`)}`).header).toEqual([
      '"id',
      'name',
      'size',
    ])
    expect(look(`id,""name,"a,b"\n${lines((n) => `${n},x,y`)}`).header).toEqual([
      'id',
      '""name',
      'a,b',
    ])
  })
})

describe('titles', () => {
  const table = `id,name,size\n${lines((n) => `${n},x,${n}`)}`

  test.each([
    ['padded with delimiters', 'Report,,\n,,\n', 2],
    ['padded, and a date', 'Report,,\nas of,2024-01-01,\n,,\n', 3],
    ['with delimiters of their own', 'Sales, purchases, stock, and more\n', 1],
    ['a count', '20\n', 1],
    ['a count of rows and columns', '20,3\n', 1],
    ['a separator, and a title', 'sep=,\nReport\n', 2],
    ['blank lines', '\n\nReport\n\n', 4],
  ])('%s', (_, titles, skipRows) => {
    const { dialect, header, records, start } = look(titles + table)
    expect([dialect.skipRows, header]).toEqual([skipRows, ['id', 'name', 'size']])
    expect([records.length, start.lines]).toEqual([20, skipRows + 1])
  })

  test.each([
    ['one', 'Customer list,,\n', 1],
    ['and padding alone', 'Customer list 2024,,\n,,\n', 2],
    ['two', 'Customer list,,\nas of today,,\n', 2],
  ])('a few words, padded, above names of texts: %s', (_, titles, skipRows) => {
    const texts = `name,city,state\n${lines((n) => `Anna ${n},Paris,FR`)}`
    const { dialect, header, records } = look(titles + texts)
    expect([dialect.skipRows, header]).toEqual([skipRows, ['name', 'city', 'state']])
    expect(records.length).toBe(20)
    // Where other records are of words alone, the first one may be one of them.
    const more = look(`${titles + texts}Bert 9,,\n`)
    expect([more.dialect.skipRows, more.dialect.header]).toEqual([undefined, false])
  })

  test.each([
    ['a record with empty fields', 'x,,\n', (n: number) => `a${n},b${n % 7},c`],
    ['a record that is too wide', 'a,b,c,d,e\n', (n: number) => `${n},${n},${n}`],
    ['numbers', '1,,\n', (n: number) => `${n},${n},x`],
  ])('%s is none', (_, first, row) => {
    const { dialect, records } = look(first + lines(row))
    expect(dialect.skipRows).toBeUndefined()
    expect(records.length + (dialect.header ? 1 : 0)).toBe(21)
  })

  test('records that are sparse are none, though another table follows', () => {
    const sparse = lines((n) => (n % 4 ? `,x${n},,` : `Ann,x${n},met,`), 30)
    const { dialect, records } = look(`Meetings,,,\nwho,whom,why,\n${sparse}id,a,b,c\n1,2,3,4\n`)
    expect([dialect.skipRows, records.length]).toEqual([undefined, 34 - (dialect.header ? 1 : 0)])
  })

  test('--skip-rows 0 takes them for records', () => {
    expect(look(`Report,,\n${table}`, { skipRows: 0 }).dialect.skipRows).toBeUndefined()
  })

  test.each([
    ['sep=,', ','],
    ['SEP=|', '|'],
    ['"sep=;"', ';'],
    ['sep=\t', '\t'],
    ['sep=\\t', '\t'],
  ])('%s', (first, delimiter) => {
    const text = `${first}\r\n${table.replaceAll(',', delimiter).replaceAll('\n', '\r\n')}`
    const { dialect, records, start } = look(`\ufeff${text}`)
    expect(dialect).toMatchObject({ delimiter, skipRows: 1, newline: '\r\n' })
    expect([records.length, start.lines]).toEqual([20, 2])
    const given = look(text, { delimiter: ':' }).dialect
    expect(given).toMatchObject({ delimiter: ':', skipRows: 1 })
  })
})
