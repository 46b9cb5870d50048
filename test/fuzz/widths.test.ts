/**
 * Random records, too short and too long, in encodings of all kinds and under each `ragged`: what is
 * in the table is what was written, padded or cut as was said, or there is a reject with the line.
 * Both lanes agree, and what was cut is counted.
 */
import fc from 'fast-check'
import iconv from 'iconv-lite'
import { expect, test } from 'vitest'
import type { Dialect } from '../../src/formats/csv/dialect.ts'
import { transaction } from '../../src/postgres/db.ts'
import { openText } from '../../src/unpack/text.ts'
import { build } from '../harness.ts'
import { fast, fields, repair, slicesOf } from './lanes.ts'

const harness = await build()
const limits = { bytesMax: 1 << 20, ratioMax: 1000, membersMax: 10 }

/** What each can write besides ASCII. */
const letters = {
  'utf-8': ['é', '€', '中', '😀'],
  'utf-16le': ['é', '€', '中', '😀', 'ഊ', '\u0d00'],
  'utf-16be': ['é', '€', '中', '😀', 'ഊ', '\u0a0a'],
  latin1: ['é', 'ÿ', '§', '\u00a0'],
  'windows-1252': ['é', '€', '„', 'Œ'],
}
type Encoding = keyof typeof letters
const encodings = Object.keys(letters) as Encoding[]

const dialects = fc.record({
  delimiter: fc.constantFrom(',', ';', '\t', '||'),
  quote: fc.constantFrom('"', "'"),
  newline: fc.constantFrom('\n' as const, '\r\n' as const, '\r' as const),
  ragged: fc.constantFrom(undefined, 'pad' as const, 'trim' as const, 'fit' as const),
})

/** A value and how it is written: plain without what ends it, or in quotes. */
const fieldIn = (encoding: Encoding, { delimiter, quote }: { delimiter: string; quote: string }) =>
  fc
    .record({
      parts: fc.array(fc.constantFrom('a', 'B', ' ', '1', ...letters[encoding]), { maxLength: 5 }),
      inQuotes: fc.array(fc.constantFrom('"', "'", ',', ';', '|', '\n', 'x'), { maxLength: 4 }),
      isQuoted: fc.boolean(),
    })
    .map(({ parts, inQuotes, isQuoted }) => {
      const plain = parts.join('')
      if (!isQuoted) return { raw: plain, value: plain === '' ? null : plain }
      const value = plain + inQuotes.join('') + (inQuotes.includes(';') ? delimiter : '')
      return { raw: quote + value.replaceAll(quote, quote + quote) + quote, value }
    })

const files = fc
  .tuple(dialects, fc.constantFrom(...encodings), fc.boolean())
  .chain(([terms, encoding, isEven]) => {
    const dialect: Dialect = {
      delimiter: terms.delimiter,
      quote: terms.quote,
      escape: terms.quote,
      newline: terms.newline,
      header: false,
      nullText: '',
      ...(terms.ragged && { ragged: terms.ragged }),
    }
    const width = isEven ? { minLength: 3, maxLength: 3 } : { minLength: 0, maxLength: 6 }
    const record = fc.array(fieldIn(encoding, dialect), width)
    return fc.record({
      dialect: fc.constant(dialect),
      encoding: fc.constant(encoding),
      records: fc.array(record, { minLength: 1, maxLength: 12 }),
      withMark: fc.boolean(),
      chunkBytes: fc.integer({ min: 1, max: 50 }),
      cutBytes: fc.integer({ min: 1, max: 120 }),
    })
  })

type File = typeof files extends fc.Arbitrary<infer F> ? F : never

function bytesOf(text: string, encoding: Encoding, withMark: boolean): Buffer {
  const hasMark = encoding.startsWith('utf')
  return iconv.encode(text, encoding, { addBOM: hasMark && withMark })
}

async function decoded(bytes: Buffer, encoding: Encoding, chunkBytes: number): Promise<Buffer> {
  const chunks = async function* () {
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      yield Buffer.from(bytes.subarray(at, at + chunkBytes))
    }
  }
  const text = await openText(chunks(), { file: 'x.csv', format: { encoding }, limits })
  const parts: Buffer[] = []
  for await (const part of text.bytes) parts.push(Buffer.from(part))
  await text.close()
  return Buffer.concat(parts)
}

/** What is to become of a record: its row, or null where it is a reject; and whether text was cut. */
function fateOf(number: number, record: File['records'][number], { ragged }: Dialect) {
  const all = [String(number), ...record.map(({ value }) => value)]
  const missing = fields.length - all.length
  const isTaken =
    missing === 0 || (missing > 0 ? ragged === 'pad' : ragged === 'trim') || ragged === 'fit'
  if (!isTaken) return { row: null, isCut: false }
  const row = [...all.slice(0, fields.length), ...Array(Math.max(0, missing)).fill(null)]
  return { row, isCut: all.slice(fields.length).some((value) => value !== null && value !== '') }
}

test('records of any width and encoding: padded, cut or rejected as was said, in both lanes', async () => {
  await harness.db.query(
    'create table slow (n text, a text, b text, c text); create table fast (like slow)',
  )
  const seen = { fast: 0, rejects: 0, cut: 0, padded: 0 }
  await fc.assert(
    fc.asyncProperty(files, async ({ dialect, encoding, records, withMark, ...sizes }) => {
      const fates = records.map((record, at) => fateOf(at + 1, record, dialect))
      const raws = records.map((record, at) =>
        [String(at + 1), ...record.map(({ raw }) => raw)].join(dialect.delimiter),
      )
      const written = bytesOf(raws.join(dialect.newline), encoding, withMark)
      const text = await decoded(written, encoding, sizes.chunkBytes)
      const bytes = text.subarray(text.subarray(0, 3).toString('hex') === 'efbbbf' ? 3 : 0)
      expect(bytes.toString()).toBe(raws.join(dialect.newline))
      await transaction(harness.db, async (tx) => {
        await tx.query('truncate slow; truncate fast')
        const refused: string[] = []
        let cut = 0
        for (const part of slicesOf(bytes, dialect, sizes)) {
          const { rejects, trimmed } = await repair(tx, 'slow', part, dialect)
          expect(rejects.every(({ code }) => code === 'wrong_column_count')).toBe(true)
          refused.push(...rejects.map(({ raw }) => raw))
          cut += trimmed
          const rows = await fast(tx, 'fast', part, dialect)
          if (rows === null) await repair(tx, 'fast', part, dialect)
          seen.fast += rows ?? 0
        }
        const expected = fates.flatMap(({ row }) => (row ? [row] : []))
        for (const table of ['slow', 'fast']) {
          const { rows } = await tx.query(`select * from ${table} order by n::int`)
          expect(rows.map((row) => Object.values(row))).toEqual(expected)
        }
        expect(refused).toEqual(raws.filter((_, at) => fates[at]?.row === null))
        expect(cut).toBe(fates.filter(({ isCut }) => isCut).length)
        seen.rejects += refused.length
        seen.cut += cut
        seen.padded += fates.filter(({ row }, at) => row && (records[at]?.length ?? 0) < 3).length
      })
    }),
    { numRuns: 300, seed: 2, endOnFailure: true },
  )
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(50)
}, 120_000)
