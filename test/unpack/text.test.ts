/** Whatever a file is packed with: all of it comes out, or an error that names the file. */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { createGzip, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import iconv from 'iconv-lite'
import { describe, expect, test } from 'vitest'
import { type UnpackLimits, unpackLimits } from '../../src/domain/unpack.ts'
import { sniffEncoding } from '../../src/unpack/encoding.ts'
import { openText } from '../../src/unpack/text.ts'
import { Xxh64 } from '../../src/unpack/xxh64.ts'
import { packedRows, repeated, rowsUnpacked, skippable, storedFrame } from '../zstd.ts'

/** Chunks in one buffer that is filled anew each time, as a source gives them. */
async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.alloc(size)
  for (let at = 0; at < bytes.length; at += size) {
    yield buffer.subarray(0, bytes.copy(buffer, 0, at, at + size))
  }
}

interface Options {
  encoding?: string
  limits?: UnpackLimits
  size?: number
}

async function read(
  bytes: Buffer,
  { encoding, limits = unpackLimits, size = 1 << 20 }: Options = {},
) {
  const format = encoding === undefined ? {} : { encoding }
  const text = await openText(inChunks(bytes, size), { file: 'it', format, limits })
  const parts: Buffer[] = []
  for await (const chunk of text.bytes) parts.push(Buffer.from(chunk))
  return { text: Buffer.concat(parts).toString(), packing: text.packing, encoding: text.encoding }
}

const plain = 'id,name\n1,größe\n'
const gz = gzipSync(plain)
const large = gzipSync(rowsUnpacked.repeat(300))

describe('gzip', () => {
  test.each([1, 7, gz.length, 1 << 20])('in chunks of %i bytes', async (size) => {
    expect(await read(gz, { size })).toEqual({ text: plain, packing: 'gzip', encoding: undefined })
    const two = Buffer.concat([gz, gz, Buffer.alloc(700)])
    expect((await read(two, { size })).text).toBe(plain + plain)
  })

  test.each([
    ['cut short', large.subarray(0, -5), 'unexpected end of file'],
    ['cut in its header', gz.subarray(0, 6), 'unexpected end of file'],
    ['with a changed checksum', Buffer.concat([gz.subarray(0, -8), Buffer.alloc(8, 1)]), 'check'],
    ['with text behind it', Buffer.concat([gz, Buffer.from('more')]), 'incorrect header'],
    [
      'with zeros and text behind it',
      Buffer.concat([gz, Buffer.alloc(9), gz]),
      'other bytes follow',
    ],
  ])('%s', async (_, bytes, problem) => {
    for (const size of [5, 1 << 20]) {
      const message = expect.stringMatching(new RegExp(`file it is damaged: .*${problem}`))
      const error = { code: 'packed_file_damaged', message }
      await expect(read(bytes, { size })).rejects.toMatchObject(error)
    }
  })

  test('in gzip is refused', async () => {
    await expect(read(gzipSync(gz))).rejects.toMatchObject({
      code: 'packing_unsupported',
      message: expect.stringContaining('there is gzip within its gzip'),
    })
  })
})

describe('zstd', () => {
  test.each([3, 1000, 1 << 20])('in chunks of %i bytes', async (size) => {
    const read1 = await read(packedRows, { size })
    expect(read1).toEqual({ text: rowsUnpacked, packing: 'zstd', encoding: undefined })
    const stored = storedFrame(Buffer.from(plain))
    const several = Buffer.concat([skippable, packedRows, stored, skippable, stored])
    expect((await read(several, { size })).text).toBe(rowsUnpacked + plain + plain)
  })

  test.each([
    ['cut short', packedRows.subarray(0, -1), 'cut short'],
    ['cut in the middle', packedRows.subarray(0, 500), 'cut short'],
    ['with text behind it', Buffer.concat([packedRows, Buffer.from('more')]), 'other bytes follow'],
  ])('%s', async (_, bytes, problem) => {
    await expect(read(bytes, { size: 100 })).rejects.toMatchObject({
      code: 'packed_file_damaged',
      message: expect.stringContaining(problem),
    })
  })

  test('any changed bit is found', async () => {
    const bits = fc.integer({ min: 8 * 6, max: 8 * packedRows.length - 1 })
    await fc.assert(
      fc.asyncProperty(bits, async (bit) => {
        const changed = Buffer.from(packedRows)
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
        await expect(read(changed)).rejects.toMatchObject({
          code: expect.stringMatching(/^packed_file_damaged$|^packing_unsupported$/),
        })
      }),
      { numRuns: 100 },
    )
  })

  test('a window that would take too much memory is refused', async () => {
    const wide = storedFrame(Buffer.from(plain), (28 - 10) << 3)
    await expect(read(wide)).rejects.toMatchObject({
      code: 'packing_unsupported',
      message: expect.stringContaining('window is 268435456 bytes'),
    })
  })

  test('its checksum', () => {
    // As the algorithm's description has them.
    const low = (text: string) => {
      const sum = new Xxh64()
      for (const part of text.match(/.{1,11}/gs) ?? []) sum.update(Buffer.from(part))
      return sum.low().toString(16)
    }
    expect(low('')).toBe('51d8e999')
    expect(low('a')).toBe('a98c6e5b')
    expect(low('abc')).toBe('ad770999')
    expect(low('Nobody inspects the spammish repetition')).toBe('8a378bf1')
  })
})

describe('limits', () => {
  const zeros = () =>
    Readable.from(
      (function* () {
        const piece = Buffer.alloc(1 << 20)
        for (let mebi = 0; mebi < 10 * 1024; mebi++) yield piece
      })(),
    ).pipe(createGzip({ level: 1 }))

  test('10 GB of zeros in gzip', async () => {
    // Zeros are packed some hundred times at this level.
    const limits = { ...unpackLimits, ratioMax: 100 }
    const text = await openText(zeros(), { file: 'bomb', format: {}, limits })
    let bytes = 0
    const reading = (async () => {
      for await (const chunk of text.bytes) bytes += chunk.length
    })()
    await expect(reading).rejects.toMatchObject({
      code: 'unpack_limit',
      message: expect.stringContaining('more than 100 times as many'),
      hint: expect.stringContaining('SLUICE_UNPACK_RATIO'),
    })
    // 100 times what went in, of which a piece may not have been unpacked yet.
    expect(bytes).toBeLessThan(256 * 1024 * 1024)
  })

  test('a gigabyte in a few kilobytes of zstd', async () => {
    await expect(read(repeated(97, 8192))).rejects.toMatchObject({ code: 'unpack_limit' })
  })

  test('bytes of one file', async () => {
    const limits = { ...unpackLimits, bytesMax: 1000 }
    expect((await read(gzipSync('a'.repeat(1000)), { limits })).text).toHaveLength(1000)
    await expect(read(gzipSync('a'.repeat(1001)), { limits })).rejects.toMatchObject({
      code: 'unpack_limit',
      message: 'Unpacking it was stopped: it comes to more than 1000 bytes.',
      hint: expect.stringContaining('SLUICE_UNPACK_BYTES'),
    })
  })
})

test.each([
  ['bzip2', 'BZh91AY&SY....'],
  ['xz', '\xfd7zXZ\x00...'],
  ['7-Zip', '7z\xbc\xaf\x27\x1c...'],
  ['tar', `${'name'.padEnd(257, '\0')}ustar`],
])('%s is refused by its name', async (what, bytes) => {
  for (const content of [Buffer.from(bytes, 'latin1'), gzipSync(Buffer.from(bytes, 'latin1'))]) {
    await expect(read(content)).rejects.toMatchObject({
      code: 'packing_unsupported',
      message: expect.stringContaining(`it is ${what}`),
    })
  }
})

test('a header that begins like bzip2 is text', async () => {
  expect((await read(Buffer.from('BZh,a\n1,2\n'))).text).toBe('BZh,a\n1,2\n')
})

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
      code: 'dialect_invalid',
      message: expect.stringContaining(encoding),
    })
  })

  test('within gzip', async () => {
    const bytes = gzipSync(iconv.encode(table, 'utf-16le', { addBOM: true }))
    expect(await read(bytes)).toEqual({ text: table, packing: 'gzip', encoding: 'utf-16le' })
  })
})

test('any bytes in any chunks come out as they went in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 5000 }),
      fc.integer({ min: 1, max: 600 }),
      async (array, size) => {
        const bytes = Buffer.from(array)
        const hash = createHash('sha256')
        const text = await openText(inChunks(gzipSync(bytes), size), {
          file: 'it',
          format: { encoding: 'utf-8' },
          limits: unpackLimits,
        }).catch((error) => error.code)
        // Noise may begin like something else that is packed.
        if (text === 'packing_unsupported') return
        for await (const chunk of text.bytes) hash.update(chunk)
        expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
      },
    ),
    { numRuns: 50 },
  )
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
