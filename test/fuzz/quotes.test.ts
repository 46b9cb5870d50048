/**
 * Random records of quotes, delimiters, escapes and line ends, written by a simple writer: what is in
 * the table is what was written, or there is a reject whose raw text is the line. All lanes agree.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Dialect } from '../../src/formats/csv/dialect.ts'
import { transaction } from '../../src/postgres/db.ts'
import { build } from '../harness.ts'
import { binary, fast, repair, slicesOf } from './lanes.ts'

const harness = await build()

const dialects = fc
  .record({
    delimiter: fc.constantFrom(',', ';', '\t', '||', ', ', '¦', '~|~'),
    quote: fc.constantFrom('"', "'"),
    doubled: fc.boolean(),
    newline: fc.constantFrom('\n' as const, '\r\n' as const, '\r' as const),
  })
  .map(({ doubled, ...rest }): Dialect => {
    const escape = doubled ? rest.quote : '\\'
    return { ...rest, escape, header: false, nullText: '' }
  })

const text = fc
  .array(
    fc.constantFrom('a', 'é', '😀', ' ', ',', ';', '|', '~', '"', "'", '\\', '\t', '\n', '\r'),
    {
      maxLength: 7,
    },
  )
  .map((parts) => parts.join(''))

interface Written {
  raw: string
  /** What COPY must put into the table; null when nobody can know what was meant. */
  value: string | null
  faulty: boolean
}

const without = (value: string, marks: string): string =>
  [...value].filter((char) => !marks.includes(char)).join('')

/** In a field that does not begin with a quote everything but delimiters and line ends is text. */
function plain(value: string, { delimiter, quote }: Dialect): Written {
  const all = without(value, `${delimiter}\r\n`)
  const raw = all.startsWith(quote) ? `x${all}` : all
  return { raw, value: raw === '' ? null : raw, faulty: false }
}

function quoted(value: string, { quote, escape }: Dialect): Written {
  const inside = [...value].map((char) =>
    char === quote || char === escape ? escape + char : char,
  )
  return { raw: quote + inside.join('') + quote, value, faulty: false }
}

/** Text behind the quote that closes. */
function faulty(value: string, { quote, escape, delimiter }: Dialect): Written {
  const inside = without(value, `${quote}${escape}\r\n`)
  const behind = without(value, `${quote}${delimiter}\r\n`)
  return { raw: `${quote}${inside}${quote}x${behind}`, value: null, faulty: true }
}

const field = (dialect: Dialect, clean: boolean) =>
  fc.tuple(text, fc.integer({ min: 0, max: 19 })).map(([value, kind]) => {
    if (kind < 10) return plain(clean ? without(value, dialect.quote) : value, dialect)
    return kind < 19 || clean ? quoted(value, dialect) : faulty(value, dialect)
  })

/** A record with a fault has one line, so that its raw text is all of it. */
function lineOf(number: number, record: Written[], dialect: Dialect) {
  const isFaulty = record.some((each) => each.faulty)
  const parts = isFaulty
    ? record.map(({ raw }) => without(raw, '\r\n'))
    : record.map(({ raw }) => raw)
  return {
    raw: [String(number), ...parts].join(dialect.delimiter),
    row: isFaulty ? null : [String(number), ...record.map(({ value }) => value)],
  }
}

const files = fc.tuple(dialects, fc.boolean()).chain(([dialect, clean]) => {
  const one = field(dialect, clean)
  const records = fc.array(fc.tuple(one, one, one), { minLength: 1, maxLength: 12 })
  return fc.record({
    dialect: fc.constant(dialect),
    records,
    lastNewline: fc.boolean(),
    chunkBytes: fc.integer({ min: 1, max: 50 }),
    cutBytes: fc.integer({ min: 1, max: 120 }),
  })
})

test('any records: the table has what was written, or a reject has the line; all lanes agree', async () => {
  await harness.db.query(
    `create table slow (n text, a text, b text, c text);
     create table fast (like slow); create table sent (like slow)`,
  )
  let fastRows = 0
  let binaryRows = 0
  let rejects = 0
  await fc.assert(
    fc.asyncProperty(files, async ({ dialect, records, lastNewline, ...sizes }) => {
      const lines = records.map((record, at) => lineOf(at + 1, record, dialect))
      const end = lastNewline ? dialect.newline : ''
      const bytes = Buffer.from(lines.map(({ raw }) => raw).join(dialect.newline) + end)
      await transaction(harness.db, async (tx) => {
        await tx.query('truncate slow, fast, sent')
        const refused: string[] = []
        let sent = 0
        for (const part of slicesOf(bytes, dialect, sizes)) {
          const { rejects: some } = await repair(tx, 'slow', part, dialect)
          refused.push(...some.map(({ raw }) => raw))
          const rows = await fast(tx, 'fast', part, dialect)
          if (rows === null) await repair(tx, 'fast', part, dialect)
          fastRows += rows ?? 0
          sent += (await binary(tx, 'sent', part, dialect)) ?? 0
        }
        const inTable = async (table: string) =>
          (await tx.query(`select * from ${table} order by n::int`)).rows.map((row) =>
            Object.values(row),
          )
        const expected = lines.flatMap(({ row }) => (row ? [row] : []))
        expect(await inTable('slow')).toEqual(expected)
        expect(await inTable('fast')).toEqual(expected)
        const inSent = await inTable('sent')
        expect(inSent).toHaveLength(sent)
        expect(expected).toEqual(expect.arrayContaining(inSent))
        binaryRows += sent
        expect(refused).toEqual(lines.flatMap(({ row, raw }) => (row ? [] : [raw])))
        rejects += refused.length
      })
    }),
    { numRuns: 400, seed: 1, endOnFailure: true },
  )
  expect(Math.min(fastRows, binaryRows, rejects)).toBeGreaterThan(100)
}, 120_000)
