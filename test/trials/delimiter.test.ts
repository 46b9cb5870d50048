/** Which delimiter a head shows, and that any head is read in linear time. */
import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { lines, look } from './look.ts'

describe('delimiter', () => {
  test('a blank', () => {
    const quoted = look(`id name\n${lines((n) => `${n} "a name, and ${n}"`)}`)
    expect([quoted.dialect.delimiter, quoted.width]).toEqual([' ', 2])
    const numbers = look(lines((n) => `${n} ${n * 2} 3.5`))
    expect([numbers.dialect.delimiter, numbers.width]).toEqual([' ', 3])
  })

  test.each([
    ['names', (n: number) => `Ann Miller${'abc'[n % 3]}`],
    ['moments', (n: number) => `2024-01-31 10:0${n % 10}`],
    ['numbers with thousands', (n: number) => `${n + 1} 234 567`],
    ['addresses', (n: number) => `${n} High`],
    ['sentences', (n: number) => (n % 2 ? 'one two three' : 'four words are here')],
    ['aligned columns', (n: number) => `${String(n).padEnd(4)} x   ${n}`],
  ])('no blank in %s', (_, row) => {
    const { dialect, width } = look(lines(row))
    expect([dialect.delimiter, width]).toEqual([',', 1])
  })

  test('a comma and a blank before a quote', () => {
    const { dialect, records, codes } = look(`id, name, x\n${lines((n) => `${n}, "a, ${n}", y`)}`)
    expect(dialect.delimiter).toBe(', ')
    expect(records[3]).toEqual(['3', 'a, 3', 'y'])
    expect(codes).toContain('delimiter_guessed')
    expect(look(lines((n) => `${n}, a, y`)).dialect.delimiter).toBe(',')
  })
})

test.each([
  ['a;b\nc;d;e\nf\ng;h;i;j\nk;l\n', ["`--delimiter ';'`"]],
  ['a\tb\nc\td\te\nf\ng\th\ti\tj\nk\tl\n', ['`--delimiter tab`']],
  ['one two three\nfour words are here\nand three\nand again some more\n', ["`--delimiter ' '`"]],
])('where none splits %j, those that may are named', (text, flags) => {
  const [note] = look(text, { header: false }).notes.filter(({ code }) => code === 'no_delimiter')
  expect(note?.hint).toBe(
    `If its lines have several fields, say what stands between them, as with ${flags.join(' or ')}.`,
  )
})

describe('any head is read in linear time', () => {
  const size = 1 << 17
  test.each([
    ['one field', Buffer.alloc(300_000, 'x')],
    ['quotes', Buffer.alloc(size, '"')],
    ['quotes and line ends', Buffer.alloc(size, '"\n')],
    ['quotes, text and line ends', Buffer.alloc(size, 'a,"b\n')],
    ['escaped quotes', Buffer.alloc(size, 'x\\"\n"')],
    ['single quotes', Buffer.alloc(size, "'\n,'x")],
    ['blanks', Buffer.alloc(size, ' ')],
    ['line ends', Buffer.alloc(size, '\n')],
    ['titles', Buffer.alloc(size, 'title "\n')],
    ['digits', Buffer.alloc(size, '1')],
  ])('%s', (_, bytes) => {
    const start = performance.now()
    expect(() => look(bytes)).not.toThrow()
    expect(performance.now() - start).toBeLessThan(3000)
  })

  test('too many delimiters', () => {
    expect(() => look(Buffer.alloc(100_000, ','))).toThrow(/columns/)
  })
})

test('lines that stand in quotes as a whole are named, with what takes the quotes away', async () => {
  const quoted = ['id,name', '1,"a"', '2,b'].map((line) => `"${line.replaceAll('"', '""')}"`)
  for (const end of ['\n', '\r\n']) {
    const text = quoted.map((line) => line + end).join('')
    const found = look(text)
    expect(found.codes).toContain('lines_quoted')
    const [, command = ''] = /`(.*)`/.exec(found.notes[0]?.hint ?? '') ?? []
    const unquoted = execFileSync('sh', ['-c', command], { input: text, encoding: 'utf8' })
    expect(look(unquoted)).toMatchObject({
      header: ['id', 'name'],
      records: [
        ['1', 'a'],
        ['2', 'b'],
      ],
    })
  }
})
