/** Values of the types that COPY BINARY is written for. */
import fc from 'fast-check'

const digits = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: min, maxLength: max })
export const some = (...values: string[]) => fc.constantFrom(...values)
const joined = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((all) => all.join(''))
const two = (max: number, min = 0) =>
  fc.integer({ min, max }).map((value) => String(value).padStart(2, '0'))
const within = (min: bigint, max: bigint) =>
  fc.oneof(fc.bigInt({ min, max }).map(String), some(String(min), String(max), '0', '-0', '007'))

const sign = some('', '', '-', '+')
const year = fc.oneof(
  fc.integer({ min: 1, max: 9999 }).map((value) => String(value).padStart(4, '0')),
  some('0001', '1900', '1999', '2000', '2001', '2024', '9999'),
)
const day = fc.oneof(
  joined(year, some('-'), two(12, 1), some('-'), two(28, 1)),
  some('2024-02-29', '2000-02-29', '2023-12-31', '0001-01-01', '9999-12-31', '1970-01-01'),
)
const seconds = fc.oneof(some(''), joined(some(':'), two(59)))
const fraction = joined(some(':'), two(59), some('.'), digits(1, 6))
const clock = joined(some(' ', 'T'), two(23), some(':'), two(59), fc.oneof(seconds, fraction))
const hours = joined(some('+', '-'), two(15))
const zone = fc.oneof(
  some('Z', ' Z', '+00', '+0000', ' +00:00'),
  joined(some('', ' '), hours, fc.oneof(some(''), two(59), joined(some(':'), two(59)))),
)
const mantissa = fc.oneof(
  digits(1, 40),
  joined(digits(0, 20), some('.'), digits(1, 20)),
  some('0', '0.0', '0.00', '00012.3400', '10000', '99999999', '0.0001', '0.00001', '.5'),
)
const text = fc
  .array(some('a', 'é', '😀', ' ', ',', '"', "'", '\\', '\t', '\n', '\r\n', 'x'.repeat(15)), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''))
const document = fc
  .json({ maxDepth: 2 })
  .filter((value) => !/\\u0000|\\ud[89a-f]/i.test(value) && !value.includes('\0'))

/** The types, and values of them that go as they are. */
export const known: Record<string, fc.Arbitrary<string>> = {
  smallint: within(-(2n ** 15n), 2n ** 15n - 1n),
  integer: within(-(2n ** 31n), 2n ** 31n - 1n),
  bigint: fc.oneof(within(-(2n ** 63n), 2n ** 63n - 1n), joined(sign, digits(1, 18))),
  boolean: some('t', 'f', 'T', 'true', 'FALSE', 'yes', 'no', 'Y', 'n', '1', '0'),
  numeric: joined(
    sign,
    mantissa,
    fc.oneof(some(''), joined(some('e', 'E'), some('', '-', '+'), digits(1, 2)), some('e-130')),
  ),
  date: day,
  timestamp: fc.oneof(day, joined(day, clock)),
  timestamptz: joined(day, clock, zone),
  uuid: fc.oneof(
    fc.uuid(),
    fc.uuid().map((value) => value.toUpperCase()),
  ),
  text,
  'character varying(300)': text,
  // PostgreSQL rounds and fills up.
  'numeric(60,3)': joined(sign, digits(1, 20), some('.'), digits(1, 9)),
  'timestamp(2) without time zone': joined(day, clock),
  'character(300)': text,
  json: document,
  jsonb: fc.oneof(document, some('{"b":1,"a":1,"b":2}', '"\\u00e9\\n"', ' [1.50, 1e3]')),
}

/** Values that PostgreSQL reads in a way of its own, or refuses. */
export const odd: Record<string, readonly string[]> = {
  smallint: ['32768', '-32769', '99999', '1.0', ' 7', '0x1F', '1_000', '+', ''],
  integer: ['2147483648', '-2147483649', '4294967297', '--1', '5 '],
  bigint: [
    '9223372036854775808',
    '-9223372036854775809',
    '0000000000000000000001',
    '12a45678',
    '1e3',
  ],
  boolean: ['tru', 'on', 'off', ' t', '2', 'yesno', 'tt'],
  numeric: ['NaN', '-Infinity', '1_000', '5.', '1.2.3', '1e', '1e1000', '0x10', '1'.repeat(131073)],
  date: ['2023-02-29', '0000-01-01', '10000-01-01', 'infinity', '2024-1-1', '20240131', 'today'],
  timestamp: ['2024-01-31 24:00', '2024-01-31 10:00:60', '2024-01-31 10:00:00.1234567', 'epoch'],
  timestamptz: ['2024-01-31 10:00', '2024-01-31', '2024-01-31 10:00 CET', '2024-01-31 10:00+16'],
  uuid: ['{12345678-1234-1234-1234-123456789012}', '12345678123412341234123456789012', 'x'],
  text: ['\0', '\u0001'],
  'character varying(300)': ['x'.repeat(301), `x${' '.repeat(400)}`],
  json: ['{"a":}', '{"a":"\\u0000"}', 'nul'],
  jsonb: ['{"a":}', '{"a":"\\u0000"}', '"\\ud800"', '1e999999'],
}
