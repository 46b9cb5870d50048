/** What is written anew for COPY: the same values, whatever the dialect, and as the fast lane has it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Column } from '../../../src/domain/columns.ts'
import type { Cut } from '../../../src/domain/words.ts'
import { writtenValues } from '../../../src/formats/copyText.ts'
import type { Dialect } from '../../../src/formats/csv/dialect.ts'
import { readHeadBy } from '../../../src/formats/csv/head.ts'
import { copyFormOf } from '../../../src/formats/csv/reader.ts'
import { emptyDialect } from '../../../src/formats/csv/reading.ts'
import { recordsOf } from '../../../src/formats/csv/records.ts'
import { triage } from '../../../src/formats/csv/repair.ts'
import { copyTakes, rewriterOf } from '../../../src/formats/csv/rewrite.ts'
import { Scanner } from '../../../src/formats/csv/scan.ts'
import { copyRows } from '../../../src/postgres/copy/copy.ts'
import { copyAround } from '../../../src/postgres/copy/copyAround.ts'
import { transaction } from '../../../src/postgres/db.ts'
import { build } from '../../harness.ts'

const harness = await build()

const csv: Dialect = { ...emptyDialect, header: false }
const texts: Column[] = ['a', 'b', 'c'].map((name) => ({ name, type: 'text' }))

/** null is NULL; values are of all that could be mistaken for something. */
const value = fc.option(
  fc
    .array(
      fc.constantFrom(
        'a',
        'é',
        ' ',
        ',',
        ';',
        '|',
        '"',
        "'",
        '\\',
        '\n',
        '\r',
        '\r\n',
        '😀',
        '#',
        '\\N',
        'NA',
        '¦',
      ),
      { maxLength: 6 },
    )
    .map((parts) => parts.join('')),
)

const dialects = fc
  .record({
    delimiter: fc.constantFrom(',', ';', '\t', '||', '::', '~|~', '¦', '\x01'),
    quote: fc.constantFrom('"', "'"),
    doubled: fc.boolean(),
    newline: fc.constantFrom('\n' as const, '\r\n' as const, '\r' as const),
    comment: fc.constantFrom(undefined, '#', '//'),
    nulls: fc.constantFrom<string[][]>(['NA'], ['', 'NA'], ['\\N']),
    skipFooter: fc.integer({ min: 0, max: 2 }),
    skipRows: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ doubled, comment, nulls, ...rest }): Dialect => {
    const [nullText = '', ...nullWords] = nulls
    const escape = doubled ? rest.quote : '\\'
    return { ...csv, ...rest, escape, nullText, nullWords, ...(comment && { comment }) }
  })

function fieldText(field: string | null, dialect: Dialect): string {
  const { quote, escape, nullText, comment, delimiter, nullWords = [] } = dialect
  if (field === null) return nullText
  const marks = [quote, escape, delimiter[0] as string, '\n', '\r', comment ?? quote]
  const isPlain = !marks.some((mark) => field.includes(mark))
  if (isPlain && ![nullText, ...nullWords, ''].includes(field)) return field
  const inside = [...field].map((char) =>
    char === quote || char === escape ? escape + char : char,
  )
  return quote + inside.join('') + quote
}

function fileOf(rows: (string | null)[][], dialect: Dialect): Buffer {
  const { comment, newline, skipRows = 0, skipFooter = 0 } = dialect
  const lines = [
    ...Array.from({ length: skipRows }, () => 'a title with "a quote'),
    ...rows.flatMap((row, index) => [
      row.map((field) => fieldText(field, dialect)).join(dialect.delimiter),
      ...(comment && index % 2 ? [`${comment} a "comment`] : []),
      ...(index % 3 === 2 ? [''] : []),
    ]),
    ...Array.from({ length: skipFooter }, () => 'end'),
  ]
  return Buffer.from(lines.map((line) => line + newline).join(''))
}

const recordBytesMax = 1 << 20

function slicesOf(bytes: Buffer, dialect: Dialect, chunkBytes: number) {
  const { start } = readHeadBy(bytes, { name: 'x', sizeBytes: bytes.length }, dialect)
  const scanner = new Scanner(dialect, { cutBytes: 20, recordBytesMax }, start)
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    scanner.push(Buffer.from(bytes.subarray(at, at + chunkBytes)))
  }
  scanner.finish()
  return scanner.found.cuts.slice(1).map((to, index) => {
    const from = scanner.found.cuts[index] as Cut
    return { slice: bytes.subarray(from.offset, to.offset), from, to }
  })
}

const recordsIn = ({ bytes, ends }: ReturnType<typeof rewriterOf>) =>
  ends.map((end, index) => bytes.subarray(index > 0 ? ends[index - 1] : 0, end - 1))

test('whatever the values and the dialect, they are written as they are', () => {
  const rows = fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(dialects, rows, fc.integer({ min: 3, max: 60 }), (dialect, all, chunkBytes) => {
      const bytes = fileOf(all, dialect)
      const found = slicesOf(bytes, dialect, chunkBytes).flatMap(({ slice, from, to }) => {
        const writer = rewriterOf(slice, dialect, texts)
        const options = { recordBytesMax, lines: from.lines, blankIsRecord: false, writer }
        const { broken, lines, starts, rawEnds } = triage(slice, dialect, options)
        expect(broken).toEqual([])
        expect(writer.ends.length).toBe(to.records - from.records)
        for (const [index, line] of lines.entries()) {
          const before = bytes
            .subarray(0, from.offset + (starts[index] as number))
            .toString('latin1')
          const mark = dialect.newline === '\r' ? '\r' : '\n'
          expect(line).toBe(before.split(mark).length)
          expect(rawEnds[index]).toBeGreaterThanOrEqual(starts[index] as number)
        }
        return recordsIn(writer).map(writtenValues)
      })
      expect(found).toEqual(all)
    }),
    { numRuns: 1500 },
  )
})

test('the lanes agree on records that COPY reads as we do', async () => {
  const columns: Column[] = [
    { name: 'a', type: 'text' },
    { name: 'b', type: 'integer' },
    { name: 'c', type: 'text' },
  ]
  const number = fc.constantFrom('', '""', '1', '-7', '"12"', 'NA', '"NA"', 'x', '1 ')
  const text = fc.constantFrom(
    'a',
    '',
    '""',
    '"b,c"',
    '"x""y"',
    'é',
    ' ',
    'NA',
    '"NA"',
    '\\',
    "'",
    '\\N',
    '"\\"',
    '\t',
  )
  const row = fc.tuple(text, number, text).map((fields) => fields.join(','))
  await harness.db.query('create table one (a text, b int, c text); create table two (like one)')
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 12 }),
      fc.constantFrom('', 'NA'),
      async (rows, nullText) => {
        const dialect = { ...csv, nullText }
        expect(copyTakes(dialect, columns)).toBe(true)
        const slice = Buffer.from(`${rows.join('\n')}\n`)
        const options = { recordBytesMax, lines: 0, blankIsRecord: false }
        const writer = rewriterOf(slice, dialect, columns)
        expect(triage(slice, dialect, { ...options, writer }).broken).toEqual([])
        await transaction(harness.db, async (tx) => {
          await tx.query('truncate one; truncate two')
          const fields = ['a', 'b', 'c']
          const one = { table: 'one', columns, fields, form: copyFormOf(dialect) }
          const fast = await copyRows(tx, one, [slice])
          const anew = await copyAround(tx, { table: 'two', columns, fields }, writer)
          expect(anew.rows).toBe(fast.rows)
          expect(anew.refused.map(({ index }) => index + 1)).toEqual(
            fast.skipped.map(({ copyLine }) => copyLine),
          )
          const sets = ['one', 'two'].map((table) => `select * from ${table}`)
          const { rows: left } = await tx.query(
            `(${sets.join(' except all ')}) union all (${sets.reverse().join(' except all ')})`,
          )
          expect(left).toEqual([])
        })
      },
    ),
    { numRuns: 150 },
  )
})

const typed = (types: string[]): Column[] => types.map((type, at) => ({ name: `c${at}`, type }))

/** One record, as COPY is given it; or why it is rejected. */
function rewrite(record: string, dialect: Partial<Dialect>, types: string[]) {
  const bytes = Buffer.from(record)
  const full = { ...csv, delimiter: ';', ...dialect }
  const writer = rewriterOf(bytes, full, typed(types))
  const [span] = [...recordsOf(bytes, full, { spans: true })]
  const fault = span ? writer.add(span) : null
  if (fault) {
    expect(writer.ends).toEqual([])
    return `${fault.code} ${fault.column ?? ''} ${fault.error}`
  }
  return writtenValues(writer.bytes.subarray(0, (writer.ends[0] as number) - 1))
}

test('numbers are written with a point, and text columns are never touched', () => {
  const dialect = { decimal: ',', thousands: '.' } as const
  const types = ['numeric', 'text', 'double precision', 'bigint', 'integer']
  expect(rewrite('-1.234,5;1.234,5;1,5e3;12.345.678; 7 ', dialect, types)).toEqual([
    '-1234.5',
    '1.234,5',
    '1.5e3',
    '12345678',
    '7',
  ])
  expect(rewrite('1.23', dialect, ['numeric(9,2)'])).toBe(
    '22P02 c0 not a valid numeric(9,2): "1.23"',
  )
  expect(rewrite('1,2,3;NaN', dialect, ['numeric', 'numeric'])).toEqual(['1,2,3', 'NaN'])
  const spaces = { decimal: ',', thousands: ' ' } as const
  expect(rewrite('1 234,5;1\u00a0234\u202f567', spaces, ['numeric', 'numeric'])).toEqual([
    '1234.5',
    '1234567',
  ])
  expect(rewrite("1'234.5;1\u2019234", { thousands: "'" }, ['numeric', 'real'])).toEqual([
    '1234.5',
    '1234',
  ])
})

test('words for true, false and NULL', () => {
  const dialect = { trueWords: ['ja', 'Oui'], falseWords: ['nein'], nullWords: ['NA', '-'] }
  const types = ['boolean', 'boolean', 'boolean', 'text', 'text', 'integer']
  expect(rewrite('JA;nein;oui;ja;"NA";"-"', dialect, types)).toEqual([
    't',
    'f',
    't',
    'ja',
    'NA',
    null,
  ])
  expect(rewrite('NA;;true;-;;', dialect, types)).toEqual([null, null, 'true', null, null, null])
})

test('ragged records are rejected, padded or trimmed', () => {
  const types = ['text', 'text', 'text']
  const cases: [Dialect['ragged'], unknown, unknown][] = [
    [
      undefined,
      'wrong_column_count  2 fields instead of 3',
      'wrong_column_count  5 fields instead of 3',
    ],
    ['pad', ['1', '2', null], 'wrong_column_count  5 fields instead of 3'],
    ['trim', 'wrong_column_count  2 fields instead of 3', ['1', '2', '3']],
    ['fit', ['1', '2', null], ['1', '2', '3']],
  ]
  for (const [ragged, few, many] of cases) {
    const dialect = ragged ? { ragged } : {}
    expect(rewrite('1;2', dialect, types)).toEqual(few)
    expect(rewrite('1;2;3;"4;4";5', dialect, types)).toEqual(many)
  }
})
