/** NDJSON keeps to what every format must, in each of the ways in which people write it. */
import fc from 'fast-check'
import { ndjson } from '../../../src/formats/ndjson/format.ts'
import { build } from '../../harness.ts'
import { names, type Row, type Subject } from '../asAnIngest.ts'
import { conformance } from '../conformance.ts'

const harness = await build()

interface Way {
  newline: '\n' | '\r\n' | '\r'
  /** In front of all. */
  bom?: boolean
  /** Keys in the order of the columns, or the other way round. */
  turned?: boolean
  /** Every character that may be escaped is, and blanks stand wherever they may. */
  loose?: boolean
}

const escaped = (text: string): string => `"${[...text].map(escapeOf).join('')}"`
const escapeOf = (char: string): string =>
  Array.from({ length: char.length }, (_, at) => char.charCodeAt(at))
    .map((code) => `\\u${code.toString(16).padStart(4, '0')}`)
    .join('')

function record(row: Row, { turned, loose }: Way): string {
  const members = row.map((value, at) => {
    const text = value !== null && loose ? escaped(value) : JSON.stringify(value)
    const key = names(row.length)[at] as string
    return loose ? `\t${escaped(key)} : ${text} ` : `${JSON.stringify(key)}:${text}`
  })
  return `{${(turned ? members.toReversed() : members).join(',')}}`
}

const subjectOf = (way: Way, width: number): Subject => ({
  format: ndjson,
  options: {},
  width,
  value: fc.option(
    fc.string({
      unit: fc.constantFrom(
        'a',
        '7',
        ' ',
        '\t',
        '\\',
        '\n',
        '\r',
        '"',
        '/',
        ',',
        '{',
        'é',
        '😀',
        '\u2028',
      ),
      maxLength: 9,
    }),
    { nil: null },
  ),
  record: (row) => record(row, way),
  write: (rows) =>
    Buffer.from(
      (way.bom ? '\ufeff' : '') + rows.map((row) => `${record(row, way)}${way.newline}`).join(''),
    ),
  bad: { raw: '{"c0":NaN}', code: 'json_invalid' },
})

conformance('lines', subjectOf({ newline: '\n' }, 3), harness)
conformance('a single key', subjectOf({ newline: '\n' }, 1), harness)
conformance('CRLF and a BOM', subjectOf({ newline: '\r\n', bom: true }, 2), harness)
conformance('CR alone', subjectOf({ newline: '\r' }, 2), harness)
conformance('escapes and blanks', subjectOf({ newline: '\n', loose: true }, 2), harness)
