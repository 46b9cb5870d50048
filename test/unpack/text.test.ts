/** Whatever a file is packed with: all of it comes out, or an error that names the file. */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { createGzip, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unpackLimits } from '../../src/domain/unpack.ts'
import { openText } from '../../src/unpack/text.ts'
import { Xxh64 } from '../../src/unpack/xxh64.ts'
import { packedRows, repeated, rowsUnpacked, skippable, storedFrame } from '../zstd.ts'
import { inChunks, read } from './read.ts'

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

  // 27 of the 11,280 bits mean nothing: they fill up a byte.
  test('any changed bit is found, if it changes what the file says', async () => {
    const bits = fc.integer({ min: 8 * 6, max: 8 * packedRows.length - 1 })
    await fc.assert(
      fc.asyncProperty(bits, async (bit) => {
        const changed = Buffer.from(packedRows)
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
        const outcome = await read(changed).then(
          ({ text }) => (text === rowsUnpacked ? 'says the same' : 'says something else'),
          ({ code }) => code,
        )
        expect(outcome).toMatch(/^(packed_file_damaged|packing_unsupported|says the same)$/)
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
