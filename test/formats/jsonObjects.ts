/** Files of objects that are written in any way, and damaged: what the loops and the careful look must read alike. */
import fc from 'fast-check'

const numbers = [
  ...['0', '-0', '7', '-12', '123456789012345678', '9223372036854775807', '9223372036854775808'],
  ...['-9223372036854775808', '-9223372036854775809', '12345678901234567890', '1.50', '-0.1'],
  ...['1e3', '1E-7', '2.5e+300', '-0.00', '-0e1', '-0.0E-2', '-0.10', '-0.01e1'],
]
const words = ['true', 'false', 'null']
const wrong = [
  ...['1e1000', '01', '-', '1.', '.5', '1e', '+1', `1${'0'.repeat(401)}`],
  ...['nul', 'True', 'NaN', ''],
]
const times = [
  ...['2024-01-31', '2024-02-30', '1900-02-29', '2000-02-29', '0000-01-01', '2024-13-01'],
  ...['2024-01-31 10:00', '2024-01-31T10:00:59', '2024-01-31 24:00', '2024-01-31 10:60'],
  ...['2024-01-31 10:00:60', '2024-01-31 10:00:00.123456', '2024-01-31 10:00:00.1234567'],
  ...['2024-01-31T10:00:00Z', '2024-01-31 10:00 Z', '2024-01-31 10:00+00', '2024-01-31 10:00+0000'],
  ...['2024-01-31 10:00:00 +00:00', '2024-01-31 10:00:00.5+02', '2024-01-31T10:00-03:30'],
  ...[
    '2024-01-31 10:00+2',
    '2024-01-31 10:00 ',
    '2024-01-31 10:00:0',
    '2024-01-31x',
    '2024-1-31 10:00',
  ],
  ...['6f9619ff-8b86-d011-b42d-00c04fc964ff', '6F9619FF-8B86-D011-B42D-00C04FC964FF'],
  ...['6f9619ff-8b86-d011-b42d-00c04fc964fg', '6f9619ff-8b86-d011-b42d00c04fc964fff'],
  ...['6f96-9ff-8b86-d011-b42d-00c04fc964ff'],
].map((text) => `"${text}"`)
const escapes = [
  ...['\\n', '\\t', '\\r', '\\b', '\\f', '\\/', '\\\\', '\\"', '\\u0041', '\\u00e9', '\\u20ac'],
  ...['\\ud83d\\ude00', '\\ud83d', '\\ude00', '\\ud83dx', '\\u0000', '\\u00g0', '\\x', '\\u000a'],
  ...['\\u005c', '\\u0009', '\\u07ff', '\\u0800'],
]

const string = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom('a', ' ', 'é', '😀', '{', ']', ',', ':', 'x'.repeat(15)),
      },
      { weight: 1, arbitrary: fc.constantFrom(...escapes, '\t', '\u007f') },
    ),
    { maxLength: 8 },
  )
  .map((parts) => `"${parts.join('')}"`)

const oftener = (arbitrary: fc.Arbitrary<string>) => ({ weight: 8, arbitrary })

const scalar = fc.oneof(
  oftener(fc.constantFrom(...numbers)),
  oftener(fc.integer().map(String)),
  oftener(fc.double({ noNaN: true, noDefaultInfinity: true }).map(String)),
  oftener(fc.constantFrom(...words)),
  oftener(fc.constantFrom(...times)),
  oftener(string),
  fc.constantFrom(...wrong),
)

const blank = fc.oneof(
  { weight: 8, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom(' ', '  ', '\t', '\r', '\n') },
)

const joined = (open: string, close: string, member: fc.Arbitrary<string>) =>
  fc
    .tuple(fc.array(member, { maxLength: 4 }), blank, blank)
    .map(([members, before, behind]) => `${open}${before}${members.join(`,${behind}`)}${close}`)

const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    joined('[', ']', tie('value')),
    joined(
      '{',
      '}',
      fc.tuple(string, blank, tie('value')).map(([key, at, of]) => `${key}:${at}${of}`),
    ),
  ),
}))

const deep = fc
  .integer({ min: 50, max: 70 })
  .map((depth) => '[{"a":'.repeat(depth / 2) + 1 + '}]'.repeat(depth / 2))

const keys = ['a', 'b', 'key', 'a rather long key', 'é', '', 'c\\u0041', 'q\\"q']

const member = fc
  .tuple(
    fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...keys) }, fc.constantFrom('new', 'neu')),
    fc.oneof({ weight: 20, arbitrary: value }, deep),
    ...[blank, blank, blank, blank],
  )
  .map(([key, of, one, two, three, four]) => `${one}"${key}"${two}:${three}${of}${four}`)

/** Mostly with the same keys in the same order. */
const usual = fc
  .tuple(scalar, scalar, string, fc.constantFrom('', ' '))
  .map(([a, b, c, at]) => `{"a":${at}${a},${at}"b":${at}${b},"key":${c}}`)

export const record = fc.oneof(
  { weight: 4, arbitrary: usual },
  {
    weight: 3,
    arbitrary: fc.array(member, { maxLength: 6 }).map((members) => `{${members.join(',')}}`),
  },
  { weight: 1, arbitrary: value },
)

/** Bytes that others stand in the place of. */
export const damage = fc.array(
  fc.tuple(fc.nat(), fc.constantFrom(...'{}[]",:\\x0 \n\r\t\0', '\u00ff')),
  { maxLength: 2 },
)

export function damaged(text: string, where: readonly [at: number, byte: string][]): Buffer {
  const bytes = Buffer.from(text)
  for (const [at, byte] of where) {
    if (bytes.length > 0) bytes[at % bytes.length] = byte.charCodeAt(0)
  }
  return bytes
}
