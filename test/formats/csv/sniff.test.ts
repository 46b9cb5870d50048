/** What is found out about a file from its first bytes, and what is left open. */
import { describe, expect, test } from 'vitest'
import { readHead } from '../../../src/formats/csv/head.ts'
import type { CsvOptions } from '../../../src/formats/csv/options.ts'

const look = (text: string | Buffer, format: CsvOptions = {}) => {
  const bytes = Buffer.from(text as string)
  return readHead(bytes, { name: 'x.csv', sizeBytes: bytes.length }, format)
}
const rows = (make: (n: number) => string, count = 20) =>
  Array.from({ length: count }, (_, n) => `${make(n)}\n`).join('')

describe('delimiter', () => {
  test.each([',', ';', '\t', '|', '||', '::', '~|~', '|~|', '¦', '\x01'])('%j', (delimiter) => {
    const text = `id${delimiter}name${delimiter}at\n${rows((n) => [n, `a ${n}`, 'x'].join(delimiter))}`
    expect(look(text)).toMatchObject({ dialect: { delimiter }, header: ['id', 'name', 'at'] })
  })

  test('a bar with empty fields is no double bar', () => {
    const text = `a|b|c\n${rows((n) => (n % 2 ? `${n}||x` : `${n}|y|x`))}`
    expect(look(text)).toMatchObject({ dialect: { delimiter: '|' }, width: 3 })
  })

  test('the whole head counts, not its first lines', () => {
    const text = `id;text\n${rows((n) => `${n};one, two`, 3)}${rows((n) => `${n};plain`, 2000)}`
    expect(look(text)).toMatchObject({ dialect: { delimiter: ';' }, width: 2 })
  })

  test('a text of one column has none', () => {
    const text = `note\n${rows((n) => (n === 7 ? 'some; text' : `line ${n}`))}`
    expect(look(text)).toMatchObject({ dialect: { delimiter: ',' }, width: 1 })
  })
})

describe('quote and escape', () => {
  test('single quotes', () => {
    const text = `id,name\n${rows((n) => `${n},'a, ''${n}'''`)}`
    expect(look(text).dialect).toMatchObject({ quote: "'", escape: "'", delimiter: ',' })
  })

  test('apostrophes are no quotes', () => {
    const text = `id,name\n${rows((n) => `${n},O'Neil ${n}`)}`
    expect(look(text).dialect.quote).toBe('"')
  })

  test('a backslash before a quote, where doubling cannot explain it', () => {
    const text = `id,name\n${rows((n) => `${n},"say \\"no, ${n}\\" to it"`)}`
    expect(look(text).dialect).toMatchObject({ quote: '"', escape: '\\' })
  })

  test('a backslash at the end of a field is a backslash', () => {
    const text = `id,path\n${rows((n) => `${n},"C:\\dir, ${n}\\"`)}`
    expect(look(text).dialect.escape).toBe('"')
  })

  test('inches are no quotes', () => {
    const text = `id;size\n${rows((n) => `${n};${n}" pipe`)}`
    expect(look(text).dialect.quote).toBe('')
  })

  test('one stray quote does not change the quoting', () => {
    const text = `id;size\n${rows((n) => (n === 4 ? `${n};4" pipe` : `${n};"x; y"`))}`
    expect(look(text).dialect.quote).toBe('"')
  })
})

describe('titles and header', () => {
  test('titles in front of a header', () => {
    const text = `Sales report\nas of 2024, "draft\n\nid,name,sum,day\n${rows((n) => `${n},a,2,x`)}`
    const { dialect, header } = look(text)
    expect(dialect).toMatchObject({ skipRows: 3, header: true })
    expect(header).toEqual(['id', 'name', 'sum', 'day'])
  })

  test('more titles than records', () => {
    const text = `${rows((n) => `title ${n}`, 9)}id;name;day\n1;a;b\n2;c;d\n`
    expect(look(text)).toMatchObject({ dialect: { delimiter: ';', skipRows: 9 }, width: 3 })
  })

  test('a bad first record without a header is no title', () => {
    const { dialect } = look(`oops\n${rows((n) => `${n},${n},${n}`)}`)
    expect(dialect.skipRows).toBeUndefined()
  })

  test('a header that is shorter than its records is completed', () => {
    const { dialect, header, width } = look(`a,b,c\n${rows((n) => `${n},x,y,z`)}`)
    expect([dialect.skipRows, header, width]).toEqual([undefined, ['a', 'b', 'c', ''], 4])
  })

  test('a name may be missing where the values tell a header', () => {
    expect(look(`name,,\n${rows((n) => `a${n},x,y`)}`).header).toBeNull()
    expect(look(`,count\n${rows((n) => `x${n},${n}`)}`).header).toEqual(['', 'count'])
  })

  test('values in any terms are no header', () => {
    for (const first of ['1.234,50;x', '31.12.2024;x', '12/31/2024 10:00;x']) {
      expect(look(`${first}\n${rows((n) => `${n};y`)}`).header).toBeNull()
    }
  })

  test('several header rows are joined', () => {
    const text = 'Person,,Address,\nfirst,last,street,\nAda,L,Main,x\n'
    const { header } = look(text, { header: 2 })
    expect(header).toEqual(['Person first', 'Person last', 'Address street', ''])
  })

  test('names that are given', () => {
    const given = (header: boolean) => look('a,b\n1,2\n', { columns: ['x', 'y'], header })
    expect(given(true).header).toEqual(['x', 'y'])
    expect(given(false)).toMatchObject({ header: ['x', 'y'], dialect: { header: false } })
    expect(look('a,b\n1,2\n', { columns: ['x'] })).toMatchObject({ header: ['x'], width: 1 })
    expect(look('a,b\n', { columns: ['x'], ragged: 'trim' }).width).toBe(1)
  })
})

describe('what was guessed of the first lines is told', () => {
  const told = (text: string, format?: CsvOptions) =>
    look(text, format).notes.map(({ code, message, hint }) => [code, message, hint])
  const texts = 'alpha,beta\nfoo,bar\nbaz,qux\n'

  test('a first record that was taken for a header, where names are given', () => {
    const columns = ['a', 'b']
    expect(told(texts, { columns })).toEqual([
      [
        'header_left_out',
        'The first record of x.csv was taken for a header and not loaded: alpha, beta.',
        'If it is data, say `--no-header`.',
      ],
    ])
    expect(told(texts)).toEqual([])
    for (const header of [true, false, 1]) expect(told(texts, { columns, header })).toEqual([])
    expect(told('1,2\n3,4\n', { columns })).toEqual([])
    expect(told(`x,y,z\n${texts.replaceAll(',', ',x,')}`, { columns })[0]?.[1]).toMatch(
      /x, y, z\.$/,
    )
  })

  test('titles, one or more', () => {
    const rest = `id,name,sum\n${rows((n) => `${n},a,2`)}`
    expect(told(`Report\n${rest}`)[0]?.slice(1)).toEqual([
      'The first line of x.csv was left out as a title or a comment.',
      'If it is data, say `--skip-rows 0`.',
    ])
    expect(told(`Report\nof 2024\n${rest}`)[0]?.slice(1)).toEqual([
      'The first 2 lines of x.csv were left out as titles or comments.',
      'If they are data, say `--skip-rows 0`.',
    ])
  })
})

describe('numbers and dates', () => {
  const many = (make: (n: number) => string, ...more: string[]) => [
    ...Array.from({ length: 20 }, (_, n) => make(n + 1)),
    ...more,
  ]
  const column = (...values: string[]) => {
    const { dialect, notes } = look(
      `id;x\n${values.map((value, n) => `${n};"${value}"\n`).join('')}`,
    )
    const { decimal, thousands, dates } = dialect
    const unsure = notes.filter(({ code }) => code !== 'terms_guessed')
    return [decimal, thousands, dates, unsure.length]
  }

  test.each([
    [
      ['1,5', '2'],
      [',', undefined, undefined, 0],
    ],
    [
      ['1.234,50', '17'],
      [',', '.', undefined, 0],
    ],
    [
      ['1 234,50', '17'],
      [',', ' ', undefined, 0],
    ],
    [
      ['1,234.50', '17'],
      [undefined, ',', undefined, 0],
    ],
    [
      ["1'234.50", '17'],
      [undefined, "'", undefined, 0],
    ],
    [
      ['1,234', '17'],
      [undefined, undefined, undefined, 1],
    ],
    [
      ['1.5', '17'],
      [undefined, undefined, undefined, 0],
    ],
    [['192.168.100.200'], [undefined, undefined, undefined, 0]],
    [
      ['110 001', '110 002'],
      [undefined, undefined, undefined, 0],
    ],
    [
      ['31.12.2024', '01.02.2024'],
      [undefined, undefined, 'DMY', 0],
    ],
    [['01.02.2024'], [undefined, undefined, 'DMY', 0]],
    [
      ['12/31/2024', '01/02/2024'],
      [undefined, undefined, 'MDY', 0],
    ],
    [['31/12/2024 10:00'], [undefined, undefined, 'DMY', 0]],
    [['01/02/2024'], [undefined, undefined, undefined, 1]],
    [['13/13/2024'], [undefined, undefined, undefined, 0]],
    [['2024/12/31'], [undefined, undefined, 'YMD', 0]],
    [['2024-12-31'], [undefined, undefined, undefined, 0]],
    [many((n) => `${n},000`, '1,50'), [undefined, undefined, undefined, 1]],
    [many((n) => `${n},5`, '1,500'), [',', undefined, undefined, 0]],
    [many((n) => `${n}.12.2024`, '2024-12-31', '24.12.24'), [undefined, undefined, 'DMY', 0]],
    [many((n) => `12/${n + 11}/2024`, '31/12/2024'), [undefined, undefined, 'MDY', 0]],
    [
      ['31/12/2024', '12/31/2024'],
      [undefined, undefined, undefined, 1],
    ],
    [
      ['31/12/2024', '24-12-24'],
      [undefined, undefined, undefined, 0],
    ],
  ])('%j', (values, expected) => {
    expect(column(...values)).toEqual(expected)
  })

  test('whole numbers with points between their thousands contradict nothing', () => {
    const { dialect } = look(`a;b\n${rows((n) => `1.${100 + n},5;2.${100 + n}`)}`)
    expect([dialect.decimal, dialect.thousands]).toEqual([',', '.'])
  })

  test('columns that contradict each other are left alone, and it is said', () => {
    const text = `a;b;c;d\n${rows((n) => `1,${n}5;${n}.25;31/12/2024;12/31/2024`)}`
    const { dialect, notes } = look(text)
    expect([dialect.decimal, dialect.dates, notes.length]).toEqual([undefined, undefined, 2])
  })
})

test('what cannot be meant is refused', () => {
  const bad: [CsvOptions, RegExp][] = [
    [{ delimiter: '"' }, /delimiter and quote are the same/],
    [{ delimiter: 'a"b' }, /delimiter contains the quote/],
    [{ delimiter: '\n' }, /line end/],
    [{ quote: '', escape: '\\' }, /nothing is quoted/],
    [{ delimiter: '\\', escape: '\\' }, /delimiter and escape are the same/],
    [{ comment: '"' }, /comment and quote are the same/],
    [{ comment: '#', delimiter: '#|' }, /begins a comment/],
    [{ comment: '/"' }, /comment contains the quote/],
    [{ null: ['NA', 'a,b'], delimiter: ',' }, /NULL contains the delimiter/],
    [{ decimal: ',', thousands: ',' }, /`--decimal` and `--thousands` are both ","/],
    [{ true: ['x'], false: ['X'] }, /true and for false/],
    [{ true: ['x'], null: 'x' }, /a boolean and NULL/],
  ]
  for (const [format, problem] of bad) expect(() => look('a,b\n1,2\n', format)).toThrow(problem)
})

test('NUL bytes are rejects of their rows unless there are many, in a file of any size', () => {
  for (const text of ['id,name\n1,a\0b\n2,c\n', 'a\0', `a,b\n${'1,\0\n'.repeat(16)}`]) {
    expect(
      readHead(Buffer.from(text), { name: 'x', sizeBytes: text.length }, {}).width,
    ).toBeGreaterThan(0)
  }
  for (const text of ['\0'.repeat(40), `id,name\n${'1,\0\0\n'.repeat(50)}`]) {
    const head = () => readHead(Buffer.from(text), { name: 'x', sizeBytes: text.length }, {})
    expect(head).toThrow(/many NUL bytes/)
  }
})
