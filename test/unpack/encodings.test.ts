/** Text in other encodings: what it is taken for, and what comes out. */
import { gzipSync } from 'node:zlib'
import iconv from 'iconv-lite'
import { describe, expect, test } from 'vitest'
import { sniffEncoding } from '../../src/unpack/encoding.ts'
import { read } from './read.ts'

describe('encodings', () => {
  const table = `name,city\n${Array.from({ length: 50 }, (_, n) => `Zoë ${n},Køge\n`).join('')}`
  const emoji = 'id,😀\n'.repeat(1000)

  test.each([
    ['utf-16le', table, { addBOM: true }, 'utf-16le'],
    ['utf-16be', table, { addBOM: true }, 'utf-16be'],
    ['utf-16le', table, {}, 'utf-16le'],
    ['utf-16be', table, {}, 'utf-16be'],
    ['utf-32le', table, { addBOM: true }, 'utf-32le'],
    ['utf-32be', table, { addBOM: true }, 'utf-32be'],
    ['windows-1252', table, {}, 'windows-1252'],
    ['latin1', table, {}, 'windows-1252'],
    ['utf-16be', emoji, { addBOM: true }, 'utf-16be'],
    ['utf-16le', emoji, {}, 'utf-16le'],
  ])('%s is sniffed', async (encoding, content, options, found) => {
    const bytes = iconv.encode(content, encoding, options)
    for (const size of [7, 1 << 20]) {
      expect(await read(bytes, { size })).toEqual({
        text: content,
        packing: undefined,
        encoding: found,
      })
    }
  })

  test('UTF-8, with a mark or without, is left as it is', async () => {
    for (const content of [table, `\ufeff${table}`, emoji, '']) {
      const bytes = Buffer.from(content)
      expect(await read(bytes)).toEqual({ text: content, packing: undefined, encoding: undefined })
    }
  })

  test.each([
    ['two bad bytes', Buffer.from('a,b\n1,\xe9t\xe9\n', 'latin1')],
    [
      'one character of UTF-8 among bad bytes',
      Buffer.concat([Buffer.from('ü,'), Buffer.from('\xe9 \xe9 \xe9 \xe9', 'latin1')]),
    ],
    ['bytes that Windows-1252 has not', Buffer.from('a\x81b\xe9c\xe9d\xe9', 'latin1')],
    ['Cyrillic in KOI8-R', iconv.encode('имя,город\nПавел,Москва\n', 'koi8-r')],
    ['Japanese in Shift_JIS', iconv.encode('名前,都市\n山田太郎,東京都\n', 'shift_jis')],
    ['NUL bytes here and there', Buffer.from('a,b\n1,x\0y\n2,z\n'.repeat(10))],
  ])('%s: taken for UTF-8', (_, bytes) => {
    expect(sniffEncoding(bytes)).toBeNull()
  })

  test.each(['shift_jis', 'gb18030', 'koi8-r', 'big5', 'euc-kr', 'utf-7'])(
    '%s is read when it is given',
    async (encoding) => {
      const content =
        { 'koi8-r': 'имя\nПавел\n', 'euc-kr': '이름\n한국\n' }[encoding] ?? '名前\n東京\n'
      const bytes = iconv.encode(content, encoding)
      expect(await read(bytes, { encoding, size: 3 })).toMatchObject({ text: content, encoding })
    },
  )

  test('given, it is not sniffed', async () => {
    const bytes = Buffer.from('a\xe9b\xe9c\xe9\n', 'latin1')
    expect(await read(bytes, { encoding: 'UTF-8' })).toMatchObject({ encoding: undefined })
    expect(await read(bytes, { encoding: 'latin2' })).toMatchObject({ text: 'aébécé\n' })
  })

  test.each(['nonsense', 'base64', 'hex', 'constructor'])('there is no %s', async (encoding) => {
    await expect(read(Buffer.from('a\n'), { encoding })).rejects.toMatchObject({
      code: 'encoding_unknown',
      message: expect.stringContaining(encoding),
    })
  })

  test.each([
    ['utf-99', 'utf-8, utf-16le and utf-16be'],
    ['windows1522', 'windows-1252, windows-1250 and windows-1251'],
    ['shift-jisx', 'shift_jis'],
    ['klingon', 'utf-8, utf-16le and windows-1252'],
  ])('%s: similar names are told', async (encoding, similar) => {
    await expect(read(Buffer.from('a\n'), { encoding })).rejects.toMatchObject({
      hint: expect.stringContaining(similar),
    })
  })

  test('within gzip', async () => {
    const bytes = gzipSync(iconv.encode(table, 'utf-16le', { addBOM: true }))
    expect(await read(bytes)).toEqual({ text: table, packing: 'gzip', encoding: 'utf-16le' })
  })
})

test('a few NUL bytes make no UTF-16 of a text, wherever they stand', () => {
  const texts = [
    'id,name\n1,a\0b\n2,c\n',
    'x\0',
    'a\0\n',
    'a\0b\0',
    '1,a\0b\n'.repeat(50),
    '1,ab\0\n'.repeat(50),
    'id,name\r\n1,\0\0\0\0\0\0\0\r\n',
  ]
  for (const text of texts) expect([text, sniffEncoding(Buffer.from(text))]).toEqual([text, null])
  for (const text of ['id,name\n1,a\n', 'a\n1\n', '名,値\r\n一,二\r\n']) {
    const bytes = Buffer.from(text, 'utf16le')
    expect(sniffEncoding(bytes)).toBe('utf-16le')
    expect(sniffEncoding(bytes.swap16())).toBe('utf-16be')
  }
})

describe('an encoding that is given and is not that of the file', () => {
  const ascii = Buffer.from('id,name\n1,one\n2,two\n')
  const wide = (encoding: string, addBOM = false) => iconv.encode(`${ascii}`, encoding, { addBOM })

  test.each([
    ['utf-16le', 'ASCII', ascii],
    ['utf-16', 'ASCII', ascii],
    ['ucs-2', 'ASCII', ascii],
    ['utf-32be', 'ASCII', ascii],
    ['utf-16le', 'a letter', Buffer.from('a')],
    ['utf-16le', 'Windows-1252', Buffer.from('a,b\n1,\xe9t\xe9\n', 'latin1')],
    ['utf-16le', 'ASCII with a NUL', Buffer.from('id,na\0me\n1,one\n2,two\n')],
    ['utf-16le', 'the other order', wide('utf-16be')],
    ['utf-16be', 'the other order', wide('utf-16le')],
    ['utf-16be', 'another mark', wide('utf-16le', true)],
    ['utf-16le', 'the mark of UTF-8', Buffer.from(`\ufeff${ascii}`)],
    ['windows-1252', 'the mark of UTF-8', Buffer.from(`\ufeff${ascii}`)],
    ['windows-1252', 'UTF-16', wide('utf-16le')],
    ['shift_jis', 'UTF-16 with a mark', wide('utf-16be', true)],
    ['utf-8', 'UTF-16', wide('utf-16le')],
  ])('%s on %s', async (encoding, _, bytes) => {
    await expect(read(bytes, { encoding })).rejects.toMatchObject({
      code: 'encoding_contradicted',
      message: expect.stringContaining(encoding),
    })
  })

  test.each([
    ['utf-16', wide('utf-16le', true)],
    ['utf-16', wide('utf-16le')],
    ['ucs-2', wide('utf-16le')],
    ['UTF-16LE', wide('utf-16le', true)],
    ['utf-16be', wide('utf-16be')],
    ['utf-32le', wide('utf-32le')],
    ['utf-32', wide('utf-32le', true)],
    ['utf-16le', iconv.encode('名前,都市\n山田太郎,東京都\n', 'utf-16le')],
    ['utf-16le', Buffer.alloc(0)],
    ['utf-8', Buffer.from(`\ufeff${ascii}`)],
    ['windows-1252', ascii],
  ])('%s that is right', async (encoding, bytes) => {
    await expect(read(bytes, { encoding })).resolves.toBeTruthy()
  })
})
