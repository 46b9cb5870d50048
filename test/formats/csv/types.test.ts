/** Kinds of values: the loops agree with the careful look, whatever stands around the values. */
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { addFacts, type FieldFacts, guessType, noFacts } from '../../../src/domain/types.ts'
import type { Dialect } from '../../../src/formats/csv/dialect.ts'
import { readHeadBy } from '../../../src/formats/csv/head.ts'
import { emptyDialect as usual } from '../../../src/formats/csv/reading.ts'
import { Shaper } from '../../../src/formats/csv/shape.ts'
import { TypeScan } from '../../../src/formats/csv/typeScan.ts'

function factsOf(text: string | Buffer, dialect: Dialect, chunk = 1 << 20): FieldFacts[] {
  const bytes = Buffer.from(text as string)
  const file = { name: 'x', sizeBytes: bytes.length }
  const shaper = new Shaper(readHeadBy(bytes, file, dialect), file)
  for (let at = 0; at < bytes.length; at += chunk) {
    shaper.push(Buffer.from(bytes.subarray(at, at + chunk)))
  }
  return shaper.shape().types ?? []
}

/** The type of the only column. */
function typeOf(values: readonly string[], dialect: Partial<Dialect> = {}) {
  const { escape = '"' } = dialect
  const quoted = values.map((value) => `"${value.replaceAll('"', `${escape}"`)}"`)
  const facts = noFacts()
  const [field] = factsOf(`v\n${quoted.join('\n')}\n`, { ...usual, ...dialect })
  addFacts(facts, 0, field as FieldFacts)
  return guessType(facts, { hasWords: Boolean(dialect.trueWords), freeze: false })
}

const digits = (most: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${most}}$`))
const value = fc.oneof(
  fc.constantFrom(
    '',
    '',
    'NA',
    'null',
    '-',
    ' ',
    'NaN',
    't',
    'f',
    'true',
    'FALSE',
    'no',
    '0',
    '-0',
  ),
  fc.integer().map(String),
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String),
  digits(40),
  fc
    .tuple(fc.constantFrom('', '-', '+'), digits(12), digits(12))
    .map(([s, a, b]) => `${s}${a}.${b}`),
  fc.double().map(String),
  fc
    .tuple(
      digits(8),
      fc.constantFrom('', '.5', '.'),
      fc.constantFrom('e', 'E'),
      fc.constantFrom('', '+', '-'),
      digits(4),
    )
    .map((parts) => parts.join('')),
  fc.constantFrom(
    '1,5',
    '1.234,5',
    '1 234',
    '.5',
    '-.5',
    '5.',
    '.',
    '1e5',
    '-1e5',
    '0x1f',
    '1_000',
    '00501',
    '-0.0',
    '-.0',
    '-0e5',
    '-0,00',
    '-0.01',
  ),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc
    .tuple(
      fc.integer({ min: 0, max: 2100 }),
      fc.integer({ min: 0, max: 13 }),
      fc.integer({ min: 0, max: 32 }),
    )
    .chain(([y, m, d]) => {
      const two = (n: number) => String(n).padStart(2, '0')
      const year = String(y).padStart(4, '0')
      return fc.constantFrom(
        `${year}-${two(m)}-${two(d)}`,
        `${two(d)}.${two(m)}.${year}`,
        `${two(m)}/${two(d)}/${year}`,
        `${year}/${two(m)}/${two(d)}`,
        `${year}-${two(m)}-${two(d)} ${two(d)}:${two(m)}`,
        `${year}-${two(m)}-${two(d)}T${two(m)}:${two(d)}:${two(m)}`,
        `${year}-${two(m)}-${two(d)} 10:00:00.${d}`,
        `${year}-${two(m)}-${two(d)} 10:00:00Z`,
        `${year}-${two(m)}-${two(d)} 10:00:00.5 +00`,
        `${year}-${two(m)}-${two(d)}T10:00+02:00`,
      )
    }),
  fc.uuid(),
  fc.uuid().map((text) => text.toUpperCase()),
  fc.jsonValue().map((json) => JSON.stringify(json)),
  fc.constantFrom(
    '{"a":1,"a":2}',
    '{"b":1,"a":2}',
    '{"a":1',
    '[1,2',
    '[]',
    '{}',
    '[01]',
    '{"a":"\\u0041"}',
    '{ "a" : [ ] }',
  ),
  fc.string({ maxLength: 20 }),
  fc.constantFrom('Köln', 'Ada', 'a "b" c', 'two\nlines', 'a,b'),
)
const padded = fc.oneof(
  { weight: 9, arbitrary: value },
  { weight: 1, arbitrary: value.map((text) => ` ${text}\t`) },
)

const dialects: Partial<Dialect>[] = [
  {},
  { newline: '\r\n' },
  { delimiter: ';', decimal: ',', thousands: '.', dates: 'DMY' },
  { delimiter: '\t', quote: "'", escape: "'" },
  { dates: 'MDY', thousands: ',' },
  { dates: 'YMD', nullText: 'NA' },
  { delimiter: '||' },
  { trueWords: ['ja'], falseWords: ['no'] },
  { ragged: 'fit' },
]

const field = fc.record({ text: padded, isQuoted: fc.boolean() })
/** A column has values of one kind more often than not. */
const columns = fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 4,
})
const rows = fc.record({
  columns,
  picks: fc.array(fc.array(fc.nat(), { minLength: 4, maxLength: 4 }), { maxLength: 60 }),
  dialect: fc.constantFrom(...dialects),
  chunk: fc.integer({ min: 30, max: 400 }),
})

const written = (text: string, isQuoted: boolean, { delimiter, quote }: Dialect): string => {
  const mustBe = text.includes(quote) || text.includes(delimiter) || /[\r\n]/.test(text)
  return isQuoted || mustBe ? quote + text.replaceAll(quote, quote + quote) + quote : text
}

/** A flag in a column of numbers is one of its whole numbers to the loop. */
const sorted = (fields: FieldFacts[]) =>
  fields.map(({ tallies, ...rest }) => ({
    ...rest,
    tallies: [...tallies].sort((a, b) => (a[0] < b[0] ? -1 : 1)),
  }))

/** Behind a list the loops look for JSON. */
const listOfNull = {
  columns: [
    [
      { text: '[]', isQuoted: false },
      { text: '[null]', isQuoted: false },
    ],
  ],
  picks: [
    [0, 0, 0, 0],
    [0, 0, 0, 0],
    [1, 0, 0, 0],
  ],
  dialect: {},
  chunk: 30,
}

/** Behind a text with a key twice, which only json gives back. */
const quoteInDocument = {
  columns: [
    [
      { text: '{"a":1,"a":2}', isQuoted: false },
      { text: `["'"]`, isQuoted: false },
    ],
  ],
  picks: [
    [0, 0, 0, 0],
    [1, 0, 0, 0],
  ],
  dialect: { quote: "'", escape: "'" },
  chunk: 30,
}

test('records in the window and records one by one have the same values', () => {
  fc.assert(
    fc.property(rows, ({ columns, picks, dialect: terms, chunk }) => {
      const dialect = { ...usual, ...terms }
      const { delimiter, newline } = dialect
      const lines = picks.map((pick) =>
        columns
          .map(
            (values, at) =>
              values[(pick[at] ?? 0) % values.length] as { text: string; isQuoted: boolean },
          )
          .map(({ text, isQuoted }) => written(text.replaceAll('\0', ''), isQuoted, dialect))
          .join(delimiter),
      )
      const header = columns.map((_, at) => `c${at}`).join(delimiter)
      const text = [header, ...lines, ''].join(newline)
      const slow = new TypeScan(dialect, { width: columns.length, sizeBytes: 1e9, threads: null })
      let line = 2
      for (const record of lines) {
        const isBlank = record === '' && columns.length > 1
        if (!isBlank) slow.record(Buffer.from(record), line)
        line += record.split('\n').length
      }
      expect(sorted(factsOf(text, dialect, chunk))).toEqual(sorted(slow.facts()))
    }),
    { numRuns: 500, examples: [[listOfNull], [quoteInDocument]] },
  )
})

describe('types', () => {
  test.each([
    ['bigint', ['1', '-5', '0', '9223372036854775807']],
    ['numeric', ['1', '9223372036854775808']],
    ['numeric', ['1.50', '2', ' 3 ']],
    ['numeric', ['135217135789158401', '1352171357E+5']],
    ['text', ['713752e1', '713753e2']],
    ['numeric', ['713752e1', '1.5e3']],
    ['text', ['10001', '00501']],
    ['text', ['1', '+5']],
    ['text', ['1', '-0']],
    ['text', ['1.5', '-0.0']],
    ['text', ['1.5', '-.00']],
    ['text', ['1.5e3', '-0e3']],
    ['text', ['1.5e3', '-0.0e+3']],
    ['numeric', ['-0.01', '-.5', '-1.0e3']],
    ['text', ['true', 'false', '1']],
    ['boolean', ['t', 'f', 'true']],
    ['text', ['t', 't']],
    ['date', ['2024-02-29', ' 2024-01-31']],
    ['text', ['2024-02-30', '2024-01-31']],
    ['text', ['2024-03-05', '2024-03-05 17:45:00']],
    ['timestamp', ['2024-03-05T17:45:00', '2024-03-05 17:45']],
    ['text', ['2024-03-05T17:45:00', '2024-03-05T17:45:00+09:00']],
    ['timestamptz', ['2024-03-05T17:45:00Z', '2024-03-05 17:45:00+00']],
    ['text', ['2024-03-05T17:45:00+09:00']],
    ['text', ['2024-03-05T24:00:00', '2024-03-05T10:00:60']],
    ['uuid', ['6f1f1a54-7e5e-4ef5-9d0b-0a3c4d5e6f70', '6F1F1A54-7E5E-4EF5-9D0B-0A3C4D5E6F70']],
    ['jsonb', ['{"a":1,"b":[true, null]}', '[]']],
    ['json', ['{"a":1.0,"a":2,"b":1e2}', '{}']],
    ['json', ['{"b":1,"a":2}']],
    ['json', ['{"a":-0}', '[-0.0]', '[-0e1]']],
    ['jsonb', ['{"a":-0.5}', '[-10]', '[0]']],
    ['text', ['{"a":1', '{}']],
    ['text', ['Infinity']],
    ['numeric', ['1', '-Infinity']],
  ])('%s: %j', (type, values) => {
    expect(typeOf(values).type).toBe(type)
    expect(typeOf([...values].reverse()).type).toBe(type)
    // One by one as well.
    expect(typeOf(values, { escape: '\\' }).type).toBe(type)
  })
})

test('lines are not counted anew for each record that is looked at by itself', () => {
  const bytes = Buffer.from(`a,b\n${`${'1,2\n'.repeat(40)}1,2,3\n`.repeat(2000)}`)
  const search = vi.spyOn(Buffer.prototype, 'indexOf')
  try {
    const file = { name: 'x.csv', sizeBytes: bytes.length }
    const shaper = new Shaper(readHeadBy(bytes, file, { ...usual, header: true }), file)
    shaper.push(bytes)
    shaper.shape()
    // A count of lines searches once a line; from the start of each window it would be millions.
    expect(search.mock.calls.length).toBeLessThan(3 * 41 * 2000)
  } finally {
    search.mockRestore()
  }
})
