/** Cut points: every record is in exactly one split, for any quoting. */
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { Cut } from '../../../src/domain/words.ts'
import type { Dialect } from '../../../src/formats/csv/dialect.ts'
import { readHeadBy } from '../../../src/formats/csv/head.ts'
import { emptyDialect } from '../../../src/formats/csv/reading.ts'
import { recordsOf, valuesOf } from '../../../src/formats/csv/records.ts'
import { triage } from '../../../src/formats/csv/repair.ts'
import { rewriterOf } from '../../../src/formats/csv/rewrite.ts'
import { type ScanLimits, Scanner } from '../../../src/formats/csv/scan.ts'
import { Shaper } from '../../../src/formats/csv/shape.ts'
import { TypeScan } from '../../../src/formats/csv/typeScan.ts'

const csv: Dialect = { ...emptyDialect, header: false }

function scan(bytes: Buffer, dialect: Dialect, limits: ScanLimits, chunkBytes = bytes.length + 1) {
  const head = headOf(bytes, dialect)
  const scanner = new Scanner(dialect, limits, head.start)
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    scanner.push(Buffer.from(bytes.subarray(at, at + chunkBytes)))
  }
  scanner.finish()
  const { cuts, flaws } = scanner.found
  return { cuts, flaws, head }
}

const headOf = (bytes: Buffer, dialect: Dialect) =>
  readHeadBy(bytes, { name: 'x', sizeBytes: bytes.length }, dialect)

const limits = { cutBytes: 16, recordBytesMax: 1 << 20 }

/** A well formed field of any content, and the CSV for it. */
const field = (dialect: Dialect) =>
  fc
    .array(fc.constantFrom('a', 'é', ' ', ',', ';', '"', "'", '\\', '\n', '\r', '\r\n', '😀'))
    .map((parts) => parts.join(''))
    .map((value) => ({ value, text: quoted(value, dialect) }))

function quoted(value: string, { quote, escape, delimiter }: Dialect): string {
  const special = [quote, escape, delimiter, '\n', '\r']
  if (value !== '' && !special.some((char) => value.includes(char))) return value
  const escaped = [...value].map((char) =>
    char === quote || char === escape ? escape + char : char,
  )
  return quote + escaped.join('') + quote
}

const dialects = fc.record({
  delimiter: fc.constantFrom(',', ';', '\t'),
  quote: fc.constantFrom('"', "'"),
  doubled: fc.boolean(),
  newline: fc.constantFrom('\n' as const, '\r\n' as const),
})

describe('any well formed file', () => {
  const files = dialects
    .map(({ doubled, ...rest }) => ({ ...csv, ...rest, escape: doubled ? rest.quote : '\\' }))
    .chain((dialect) =>
      fc.record({
        dialect: fc.constant(dialect),
        rows: fc.array(fc.array(field(dialect), { minLength: 2, maxLength: 3 }), { minLength: 1 }),
        lastNewline: fc.boolean(),
        chunkBytes: fc.integer({ min: 1, max: 40 }),
        cutBytes: fc.integer({ min: 1, max: 60 }),
      }),
    )

  test('is cut on record boundaries only, and every record lies between two cuts', () => {
    fc.assert(
      fc.property(files, ({ dialect, rows, lastNewline, chunkBytes, cutBytes }) => {
        const lines = rows.map((row) => row.map(({ text }) => text).join(dialect.delimiter))
        const text = lines.join(dialect.newline) + (lastNewline ? dialect.newline : '')
        const bytes = Buffer.from(text)
        const { cuts, flaws } = scan(
          bytes,
          dialect,
          { ...limits, cutBytes },
          Math.max(chunkBytes, 3),
        )
        expect(flaws).toEqual([])
        expect(cuts.at(-1)).toMatchObject({ offset: bytes.length, records: rows.length })
        const values = slices(bytes, cuts).flatMap((slice) => readAll(slice, dialect))
        expect(values).toEqual(rows.map((row) => row.map(({ value }) => value)))
        for (const cut of cuts) {
          const before = bytes.subarray(0, cut.offset).toString()
          expect(cut.lines).toBe(linesIn(before, cut.offset === bytes.length && !lastNewline))
        }
      }),
      { numRuns: 500 },
    )
  })

  test('is cut the same whatever the chunks', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 3, max: 50 }),
        (raw, size) => {
          const bytes = Buffer.from(
            raw.map((byte) => [34, 10, 44, 97, 13, 34, 10, 98][byte % 8] as number),
          )
          const whole = scan(bytes, csv, { cutBytes: 10, recordBytesMax: 1000 })
          const parts = scan(bytes, csv, { cutBytes: 10, recordBytesMax: 1000 }, size)
          expect(parts.cuts).toEqual(whole.cuts)
          expect(parts.flaws).toEqual(whole.flaws)
        },
      ),
      { numRuns: 500 },
    )
  })
})

test('any bytes at all: repair finds in the slices what staging counted', () => {
  const anyBytes = fc
    .uint8Array({ maxLength: 400 })
    .map((raw) =>
      Buffer.from(raw.map((byte) => [34, 10, 44, 97, 13, 10, 98, 99][byte % 8] as number)),
    )
  // Whether blank lines count depends on the first record, so there is one.
  const firstRecord = fc.constantFrom('1,2\n', '1\n').map((text) => Buffer.from(text))
  const someBytes = fc.tuple(firstRecord, anyBytes).map((parts) => Buffer.concat(parts))
  fc.assert(
    fc.property(someBytes, fc.integer({ min: 5, max: 60 }), (bytes, recordBytesMax) => {
      const { cuts, flaws, head } = scan(bytes, csv, { cutBytes: 8, recordBytesMax }, 7)
      const offsets = cuts.map(({ offset }) => offset)
      expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b))
      const outside = [bytes.subarray(0, offsets[0]), bytes.subarray(offsets.at(-1) ?? 0)]
      for (const part of outside) expect(part.toString('latin1').replace(/[\r\n]/g, '')).toBe('')
      for (const flaw of flaws) {
        expect(offsets.indexOf(flaw.end) - offsets.indexOf(flaw.start)).toBe(1)
        expect(flaw.line).toBe(linesIn(bytes.subarray(0, flaw.start).toString('latin1'), false) + 1)
      }
      const isFlaw = new Set(flaws.map(({ start }) => start))
      for (const [index, to] of cuts.slice(1).entries()) {
        const from = cuts[index] as Cut
        if (isFlaw.has(from.offset)) continue
        const slice = bytes.subarray(from.offset, to.offset)
        // Of any width: only the form of the quotes is the matter here.
        const found = triageAll(slice, recordBytesMax, from.lines, head.width > 1)
        expect(found.sound.length).toBe(to.records - from.records)
        expect(found.broken.length).toBe(to.broken - from.broken)
        for (const { line, raw } of [...found.sound, ...found.broken]) {
          const lines = bytes.toString('latin1').split('\n')
          const start = (text: string | undefined) => text?.replace(/\r+$/, '')
          expect(start(raw.toString('latin1').split('\n')[0])).toBe(start(lines[line - 1]))
        }
      }
    }),
    { numRuns: 3000 },
  )
})

/** Wrong column counts do not count as broken here. */
function triageAll(slice: Buffer, recordBytesMax: number, lines: number, wide: boolean) {
  const width = wide ? 2 : 1
  const columns = Array.from({ length: width }, (_, at) => ({ name: `c${at}`, type: 'text' }))
  const writer = rewriterOf(slice, csv, columns)
  const options = { recordBytesMax, lines, blankIsRecord: !wide, writer }
  const { broken, ...written } = triage(slice, csv, options)
  const sound = written.lines.map((line, at) => ({
    line,
    raw: slice.subarray(written.starts[at], written.rawEnds[at]),
  }))
  const isBroken = ({ code }: { code: string }) => code.startsWith('quote_')
  return {
    sound: [...sound, ...broken.filter((each) => !isBroken(each))],
    broken: broken.filter(isBroken),
  }
}

test('an unclosed quote costs its own line, not the rest of the file', () => {
  const text = 'a,b\n1,"open\n2,x\n3,y\n'
  const { cuts } = scan(Buffer.from(text), { ...csv, header: true }, limits)
  expect(cuts.at(-1)).toEqual({ offset: text.length, lines: 4, records: 2, broken: 1 })
})

test('an unclosed quote in the middle of a long file is noticed at the limit', () => {
  const row = '1,x\n'.repeat(100)
  const text = `${row}2,"open\n${row}${row}`
  const { cuts } = scan(Buffer.from(text), csv, { cutBytes: 50, recordBytesMax: 64 }, 30)
  expect(cuts.at(-1)).toMatchObject({ records: 300, lines: 301, broken: 1 })
})

test('a stray quote that a later one closes does not swallow the lines between', () => {
  const text = '1,a"b\n2,x\n3,a"b\n4,y\n'
  const end = scan(Buffer.from(text), csv, limits).cuts.at(-1)
  expect(end).toMatchObject({ records: 4, broken: 0, odd: 2 })
  const open = '1,"b\n2,x\n3,"b\n4,y\n'
  expect(scan(Buffer.from(open), csv, limits).cuts.at(-1)).toMatchObject({ records: 2, broken: 2 })
})

const many = 200_000

// With the square of the lines it would take minutes.
test.each([
  ['open on each line, by doubled quotes', '"', '"""x\n', { records: 1, broken: many + 1 }],
  ['open on each line', '\\', '"x\n', { records: 1, broken: many + 1 }],
  ['are text on each line', '\\', '\\"\n', { records: many + 1, odd: many, broken: 1 }],
  ['are doubled on each line', '"', 'x""\n', { records: many + 1, odd: many, broken: 1 }],
  ['are empty on each line', '"', '"",""\n', { records: many + 1, broken: 1 }],
])(
  'many lines of quotes that %s, behind an open one',
  (_, escape, line, expected) => {
    const text = Buffer.from(`x,y\na,"b\n${line.repeat(many)}`)
    const shaper = new Shaper(headOf(text, { ...csv, escape }), {
      sizeBytes: text.length,
    })
    for (let at = 0; at < text.length; at += 1 << 20) shaper.push(text.subarray(at, at + (1 << 20)))
    expect(shaper.shape().cuts.at(-1)).toMatchObject(expected)
  },
  20_000,
)

test.each(['#', '//', '–'])('comments (%s), titles and footers are no records', (comment) => {
  const hashes = '"title\n# c\na,b\n1,2\n# "x\n\n3,"4\n#5"\n# y\nend\n'
  const text = hashes.replaceAll('#', comment)
  const dialect = { ...csv, header: true, skipRows: 1, skipFooter: 1, comment }
  const [data, end] = ['1,2', 'end'].map((each) => Buffer.from(text).indexOf(each))
  for (let chunkBytes = 3; chunkBytes < text.length; chunkBytes++) {
    const { cuts, head } = scan(Buffer.from(text), dialect, limits, chunkBytes)
    expect(head.header).toEqual(['a', 'b'])
    expect(cuts[0]).toEqual({ offset: data, lines: 3, records: 0, broken: 0 })
    expect(cuts.at(-1)).toEqual({ offset: end, lines: 9, records: 2, broken: 0, aside: 3 })
  }
})

test('a record over the limit is set aside, with bounded memory', () => {
  const text = `1,a\n2,${'x'.repeat(500)}\n3,c\n`
  const { cuts, flaws } = scan(Buffer.from(text), csv, { cutBytes: 1000, recordBytesMax: 100 }, 40)
  expect(flaws).toEqual([{ start: 4, end: 507, line: 2 }])
  expect(cuts.map(({ records }) => records)).toEqual([0, 1, 1, 2])
})

const chunkBytes = 16_384
const filled = (end: string) => 'x'.repeat(chunkBytes - end.length) + end

test.each([
  ['a line without quotes', csv, filled('')],
  ['a quoted field of many lines', csv, filled('\n'), '"'],
  ['half delimiters at the ends of chunks', { ...csv, delimiter: '||' }, filled('|')],
])('a long record in small chunks is copied a few times, not once a chunk: %s', (...given) => {
  const [, dialect, content, quote = ''] = given
  const record = quote + content.repeat(256) + quote
  const bytes = Buffer.from(`${filled('\n')}${record}\n`)
  let copied = 0
  const { concat } = Buffer
  const spies = [
    vi.spyOn(Uint8Array.prototype, 'set').mockImplementation(function (
      this: Uint8Array,
      from: ArrayLike<number>,
      at = 0,
    ) {
      copied += from.length
      Buffer.from((from as Buffer).buffer, (from as Buffer).byteOffset, from.length).copy(this, at)
    }),
    vi.spyOn(Buffer, 'concat').mockImplementation((list) => {
      copied += list.reduce((sum, { length }) => sum + length, 0)
      return concat(list) as Buffer<ArrayBuffer>
    }),
  ]
  const types = new TypeScan(dialect, { width: 1, sizeBytes: bytes.length })
  const large = { cutBytes: 1 << 23, recordBytesMax: 1 << 24 }
  const scanner = new Scanner(dialect, large, { ...headOf(bytes, dialect).start, types })
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    scanner.push(bytes.subarray(at, at + chunkBytes))
  }
  scanner.finish()
  for (const spy of spies) spy.mockRestore()
  expect(scanner.found.cuts.at(-1)?.records).toBe(2)
  expect(copied).toBeGreaterThan(bytes.length)
  expect(copied).toBeLessThan(6 * bytes.length)
})

test('blank lines are no records, except in a file of one column', () => {
  expect(scan(Buffer.from('a,b\n\n1,2\n\r\n\n'), csv, limits).cuts.at(-1)?.records).toBe(2)
  expect(scan(Buffer.from('a\n\n1\n\n'), csv, limits).cuts.at(-1)?.records).toBe(4)
})

test('a byte order mark is no part of the first field', () => {
  const { cuts, head } = scan(Buffer.from('\ufeffa,b\n1,2\n'), { ...csv, header: true }, limits)
  expect(head.header).toEqual(['a', 'b'])
  expect(cuts[0]?.offset).toBe(7)
})

function slices(bytes: Buffer, cuts: Cut[]): Buffer[] {
  return cuts.slice(1).map((cut, index) => bytes.subarray(cuts[index]?.offset, cut.offset))
}

const readAll = (slice: Buffer, dialect: Dialect) =>
  [...recordsOf(slice, dialect)]
    .filter(({ blank }) => !blank)
    .map(({ start, end }) => valuesOf(slice.subarray(start, end), { ...dialect, nullText: '\0' }))

const linesIn = (text: string, unfinished: boolean): number =>
  text.split('\n').length - 1 + (unfinished ? 1 : 0)
