/** The elements of a list: cut anywhere, damaged anywhere, they are rows as they were, or rejects, or an error. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SluiceError } from '../../../src/errors.ts'
import { json } from '../../../src/formats/json/format.ts'
import { ndjson } from '../../../src/formats/ndjson/format.ts'
import { type Row, readAll, type Sizes, type Subject, sizes } from '../asAnIngest.ts'

const some = { numRuns: 200, seed: 20261128 }
const text = fc.string({
  unit: fc.constantFrom('a', '"', '\\', '{', '[', ']', ',', 'é', '\n'),
  maxLength: 6,
})
const rowsArb = fc.array(fc.tuple(text, fc.option(text, { nil: null })), {
  minLength: 1,
  maxLength: 12,
})

const record = ([a, b]: Row): string => `{"c0":${JSON.stringify(a)},"c1":${JSON.stringify(b)}}`

interface Way {
  subject: Omit<Subject, 'value'>
  write(rows: readonly Row[]): string
}

const subjectOf = (format: Subject['format'], options: object) => ({
  format,
  options,
  width: 2,
  record,
  write: () => Buffer.alloc(0),
  bad: null,
})

const ways: Record<string, Way> = {
  'a list': {
    subject: subjectOf(json, {}),
    write: (rows) => `\ufeff [\n${rows.map(record).join(' ,\n')}\n]\n`,
  },
  'a list within': {
    subject: subjectOf(json, { at: 'data.items' }),
    write: (rows) =>
      `{"meta":{"items":[1]},"data":{"n":[{}],"items":[${rows.map(record).join(',')}],"end":"]"}, "more":[{"c0":"no"}]}`,
  },
  'one after the other': {
    subject: subjectOf(json, {}),
    write: (rows) => rows.map((row) => record(row).replace(',"c1":', ',\n  "c1":')).join(''),
  },
  lines: {
    subject: subjectOf(ndjson, {}),
    write: (rows) => rows.map((row) => `${record(row)}\n`).join(''),
  },
}

const read = ({ subject }: Way, bytes: Buffer, given: Sizes) =>
  readAll(subject as Subject, bytes, given)

describe.each(Object.entries(ways))('%s', (name, way) => {
  test('any rows come back, with the number of their element', () => {
    fc.assert(
      fc.property(rowsArb, sizes, (rows, given) => {
        const { rows: found, rejects } = read(way, Buffer.from(way.write(rows)), given)
        expect(found).toEqual(rows)
        expect(rejects).toEqual([])
      }),
      some,
    )
  })

  test('a byte that is damaged is a reject or an error, never a row that was not there', () => {
    fc.assert(
      fc.property(
        rowsArb,
        fc.nat(),
        fc.constantFrom(...' x"\\{}[],:0\n\0'),
        sizes,
        (rows, at, byte, given) => {
          const bytes = Buffer.from(way.write(rows))
          const offset = at % bytes.length
          bytes[offset] = byte.charCodeAt(0)
          const read = readOrError(way, bytes, given)
          const { rows: found, shape } = read ?? { rows: [] }
          const isSilent = read?.rejects.length === 0 && read.shape.flaws.length === 0
          const text = bytes.toString().replace('\ufeff', '')
          // What is no list by the word of others has an error or a reject.
          if (name === 'a list' && isSilent) expect(JSON.parse(text)).toHaveLength(found.length)
          // Damage within a text is another text, and in a key another key: one row has it at most.
          const isThere = (row: Row) =>
            rows.some((each) => JSON.stringify(each) === JSON.stringify(row))
          const strange = found.filter((row) => !isThere(row))
          if (shape && shape.width === 2) expect(strange.length).toBeLessThanOrEqual(1)
        },
      ),
      some,
    )
  })

  test('a file that breaks off is its records before that and rejects, or an error', () => {
    fc.assert(
      fc.property(rowsArb, fc.nat(), sizes, (rows, at, given) => {
        const all = Buffer.from(way.write(rows))
        const end = at % all.length
        const result = readOrError(way, all.subarray(0, end), given)
        if (!result) return
        expect(rows.slice(0, result.rows.length)).toEqual(result.rows)
        // What is not an error has all records, or a reject for the one in which it ends.
        const isSilent = result.rejects.length === 0 && result.shape.flaws.length === 0
        // Before its first bracket it is no list yet, but a file without records.
        const isList = name.includes('list') && end > 5
        if (isList && isSilent) expect(result.rows).toEqual(rows)
      }),
      some,
    )
  })
})

function readOrError(way: Way, bytes: Buffer, given: Sizes) {
  try {
    return read(way, bytes, given)
  } catch (error) {
    if (error instanceof SluiceError) return null
    throw error
  }
}
