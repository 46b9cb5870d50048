/** A guessed type gives back what was written: PostgreSQL is asked, value by value. */
import fc from 'fast-check'
import { afterAll, expect, inject, test } from 'vitest'
import { addFacts, guessType, noFacts } from '../../src/domain/types.ts'
import { emptyDialect as usual } from '../../src/formats/csv/reading.ts'
import { ValueKinds } from '../../src/formats/csv/valueKinds.ts'
import { openDb } from '../../src/postgres/db.ts'

const db = openDb(inject('databaseUrl'), { max: 1, name: 'test' })
afterAll(() => db.end())

const kinds = new ValueKinds(usual)

function guess(values: readonly string[]) {
  const facts = noFacts()
  for (const [index, value] of values.entries()) {
    const tally = [kinds.kindOf(value), 1, index + 1, value] as const
    if (tally[0] !== 'null') addFacts(facts, 0, { tallies: [tally] })
  }
  return guessType(facts, { hasWords: false, freeze: false })
}

const two = (n: number) => String(n).padStart(2, '0')
const digits = (most: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${most}}$`))
const number = fc.oneof(
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
  fc
    .tuple(fc.constantFrom('', '-', '+'), digits(25), digits(10))
    .map(([s, a, b]) => `${s}${a}.${b}`),
  fc.double().map(String),
  digits(40),
  fc.constantFrom(
    'NaN',
    'Infinity',
    '-Infinity',
    '1e5',
    '1E-7',
    '-0',
    '+5',
    '1_000',
    '0x1f',
    ' 7 ',
    '1.5e3',
    '.5',
    '5.',
  ),
)
const date = fc
  .tuple(
    fc.integer({ min: 0, max: 9999 }),
    fc.integer({ min: 0, max: 13 }),
    fc.integer({ min: 0, max: 32 }),
  )
  .map(([y, m, d]) => `${String(y).padStart(4, '0')}-${two(m)}-${two(d)}`)
const time = fc
  .tuple(
    date,
    fc.constantFrom(' ', 'T'),
    fc.integer({ min: 0, max: 24 }),
    fc.constantFrom('', ':00', ':60', ':15.5', ':15.123456', ':15.1234567'),
  )
  .map(([d, between, h, rest]) => `${d}${between}${two(h)}:30${rest}`)
const zoned = fc
  .tuple(time, fc.constantFrom('Z', '+00', '+00:00', ' +0000', '+02', '-11:30'))
  .map(([t, zone]) => t + zone)
const json = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc
    .dictionary(fc.string({ maxLength: 3 }), fc.constantFrom(1, 'a\u0001', null))
    .map((value) => JSON.stringify(value, null, 1)),
  fc.constantFrom(
    '{"a":1,"a":2}',
    '{"b":1,"aa":2}',
    '{"aa":1,"b":2}',
    '["\\u0041"]',
    '["\\u0000"]',
    '["\\ud800"]',
    '[1e2, -0, 1.50]',
    '[1',
    '{"a":01}',
    '["\\/"]',
    '[1e400]',
    '[1e4000]',
  ),
  fc.string().map((text) => `["${text}"]`),
)
const other = fc.oneof(
  fc.constantFrom('true', 'f', 't', 'FALSE', 'yes', '1', 'n/a', '', 'today', 'infinity', 'x'),
  fc.uuid(),
  fc.uuid().map((text) => ` ${text.toUpperCase()}`),
  fc.string(),
)
const boolean = fc.constantFrom('true', 'FALSE', 't', 'F', 'false')
const column = fc
  .constantFrom(boolean, number, date, time, zoned, json, other)
  .chain((of) =>
    fc.array(fc.oneof({ weight: 20, arbitrary: of }, { weight: 1, arbitrary: other }), {
      minLength: 1,
      maxLength: 5,
    }),
  )
  .map((values) => values.map((value) => value.replaceAll('\0', '')))

/** What the rule of domain/types.ts lets a value become. */
const forms: Record<string, (text: string) => string> = {
  boolean: (text) => (/^t/i.test(text) ? 'true' : 'false'),
  bigint: (text) => text.replace(/^-0$/, '0'),
  timestamp: clock,
  timestamptz: (text) => `${clock(text.replace(/ ?(Z|\+00(:?00)?)$/, ''))}+00`,
  uuid: (text) => text.toLowerCase(),
}

/** As PostgreSQL writes it: with seconds, and without zeros at the end of a fraction. */
function clock(text: string): string {
  const full = text.length === 16 ? `${text}:00` : text
  return full
    .replace('T', ' ')
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '')
}

test('every value of a guessed type is taken, and comes back as it was written', async () => {
  await db.query(`set timezone to 'UTC'`)
  const types = new Set<string>()
  await fc.assert(
    fc.asyncProperty(column, async (values) => {
      const { type } = guess(values)
      types.add(type)
      if (type === 'text') return
      const taken = values.filter((value) => !/^(null|=)/.test(kinds.kindOf(value)))
      const { rows } = await db.query(
        `select v as written, v::${type}::text as back from unnest($1::text[]) as v`,
        [taken],
      )
      for (const { written, back } of rows) expectBack(type, written, back)
    }),
    { numRuns: 400 },
  )
  const all = ['bigint', 'boolean', 'date', 'json', 'jsonb', 'numeric', 'text', 'timestamp']
  expect([...types].sort()).toEqual([...all, 'timestamptz', 'uuid'])
})

function expectBack(type: string, written: string, back: string): void {
  const text = written.trim()
  // Another form of the same number, and no digit less.
  if (type === 'numeric') expect(back.replace(/^-/, '').replace('.', '')).toBe(plainDigits(text))
  else if (type === 'jsonb') expect(spaceless(back)).toBe(spaceless(text))
  else expect(back).toBe(type === 'json' ? written : (forms[type] ?? String)(text))
}

/** The digits of a number that is written out. */
function plainDigits(text: string): string {
  const [mantissa = '', exponent = '0'] = text.replace(/^-/, '').toLowerCase().split('e')
  if (/^inf/.test(mantissa)) return 'Infinity'
  const [whole = '', fraction = ''] = mantissa.split('.')
  const point = whole.length + Number(exponent)
  const all = whole + fraction
  const padded = point <= 0 ? '0'.repeat(1 - point) + all : all.padEnd(point, '0')
  const at = Math.max(1, point)
  return `${padded.slice(0, at).replace(/^0+(?=.)/, '')}${padded.slice(at)}`
}

/** Without what may be between the parts of a document, and numbers in one form. */
const spaceless = (text: string): string =>
  (text.match(/"(?:[^"\\]|\\.)*"|[^\s"]/g) ?? [])
    .join('')
    .replace(/(?<![\w."])-?[\d.]+(e[-+]?\d+)?/gi, (number) => String(Number(number)))
