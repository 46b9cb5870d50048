/** Any bytes as a file of fixed width: each line is a row, a reject, or none, as a simple model says. */
import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fixed } from '../../../src/formats/fixed/format.ts'
import { guessedWidths } from '../../../src/formats/fixed/guess.ts'
import { type Row, readAll, type Subject, sizes } from '../asAnIngest.ts'

const width = 9
const ways = ['reject', 'pad', 'trim', 'fit'] as const

interface Read {
  rows: Row[]
  codes: [line: number, code: string][]
}

const isNone = (raw: Buffer): boolean =>
  raw.equals(Buffer.of(26)) || (raw.length < width && raw.every((byte) => byte === 32))

/** The same by text: characters are those of the whole line. */
function model(bytes: Buffer, ragged: (typeof ways)[number]): Read {
  const read: Read = { rows: [], codes: [] }
  const lines = bytes.toString('latin1').split('\n')
  if (lines.at(-1) === '') lines.pop()
  for (const [at, line] of lines.entries()) {
    const raw = Buffer.from(line.replace(/\r$/, ''), 'latin1')
    if (isNone(raw)) continue
    const chars = [...raw.toString()]
    const isShort = chars.length < width
    const isLong = chars.slice(width).some((char) => char !== ' ')
    const isFine =
      (!isShort || ragged === 'pad' || ragged === 'fit') &&
      (!isLong || ragged === 'trim' || ragged === 'fit')
    if (!isUtf8(raw)) read.codes.push([at + 1, 'invalid_utf8'])
    else if (raw.includes(0)) read.codes.push([at + 1, 'nul_byte'])
    else if (!isFine) read.codes.push([at + 1, 'wrong_line_width'])
    else {
      const fields = [chars.slice(0, 4), chars.slice(4, 9)]
      read.rows.push(fields.map((each) => each.join('').replace(/^ +| +$/g, '') || null))
    }
  }
  return read
}

test('damaged anywhere, each line is what it is by itself', () => {
  const line = fc
    .array(fc.constantFrom('a', '7', ' ', 'é', '太', '😀', '\r'), { maxLength: 12 })
    .map((chars) => chars.join(''))
  const way = fc.constantFrom(...ways)
  let refused = 0
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 20 }),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
      way,
      sizes,
      (lines, damages, ragged, given) => {
        // The first line ends as all of them do.
        const bytes = Buffer.from(['a'.padEnd(width), ...lines].join('\n'))
        for (const [at, byte] of damages) bytes[width + 1 + (at % bytes.length)] = byte
        const subject: Subject = {
          format: fixed,
          options: { widths: ['c0:4', 'c1:5'], ragged },
          width: 2,
          value: fc.constant(null),
          write: () => Buffer.alloc(0),
          record: () => '',
          bad: null,
        }
        const { rows, rejects } = readAll(subject, bytes, given)
        const wanted = model(bytes, ragged)
        expect(rows).toEqual(wanted.rows)
        expect(rejects.map(({ line: at, code }) => [at, code])).toEqual(wanted.codes)
        refused += rejects.length
      },
    ),
    { numRuns: 500, seed: 20261128 },
  )
  expect(refused).toBeGreaterThan(500)
})

test('a proposal of widths for lines that have none', () => {
  const guessed = (...lines: string[]) => guessedWidths(Buffer.from(lines.join('\n')))
  expect(guessed('id   name      amount', '1    Ada          1.5', '22   Zoë         12.5')).toBe(
    '--widths id:5,name:10,amount:6 --skip-rows 1',
  )
  expect(guessed('1    Ada', '22   Zoë')).toBe('--widths c1:5,c2:3')
  expect(guessed('')).toBe('--widths id:6,name:20')
  expect(guessed('x'.repeat(100_000)).length).toBeLessThan(100)
})
