/** The loops over plain records give what the careful look gives, for any file of objects. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Column } from '../../src/domain/columns.ts'
import { ByteCheck } from '../../src/formats/faults.ts'
import { formats } from '../../src/formats/index.ts'
import { JsonFields, type JsonReading } from '../../src/formats/jsonFields.ts'
import { KeyTree } from '../../src/formats/jsonKeys.ts'
import { JsonRecord } from '../../src/formats/jsonRecord.ts'
import { JsonRows, wayOf } from '../../src/formats/jsonRows.ts'
import type { Broken, Reader, Written } from '../../src/formats/reader.ts'
import { type Sizes, type Subject, shapeOf, sizes, slicesOf } from './asAnIngest.ts'
import { damage, damaged, record } from './jsonObjects.ts'

const some = { numRuns: 500, seed: 20261128, endOnFailure: true }

const subjectOf = (kind: keyof typeof formats): Subject => ({
  ...{ format: formats[kind], options: {}, width: 1, value: fc.constant(''), bad: null },
  ...{ record: () => '', write: () => Buffer.alloc(0) },
})

interface Way {
  subject: Subject
  write(records: readonly string[]): string
}

const inOneLine = (text: string) => text.replace(/[\r\n]/g, ' ')
const linesWith = (newline: string): Way => ({
  subject: subjectOf('ndjson'),
  write: (records) => records.map((each) => `${inOneLine(each)}${newline}`).join(''),
})

const ways: Record<string, Way> = {
  lines: linesWith('\n'),
  'lines with CRLF': linesWith('\r\n'),
  'lines with CR': linesWith('\r'),
  'a list': { subject: subjectOf('json'), write: (records) => `[${records.join(',\n')}]` },
  'one after the other': { subject: subjectOf('json'), write: (records) => records.join('\n') },
}

const types = ['text', 'jsonb', 'json', 'bigint', 'text[]', 'jsonb[]']
const columnsOf = (width: number, picks: readonly number[]): Column[] =>
  Array.from({ length: width }, (_, at) => ({
    name: `c${at}`,
    type: types[(picks[at % picks.length] as number) % types.length] as string,
    ...((picks[at % picks.length] as number) % 2 === 0 && { default: '1' }),
  }))

/** Record by record, without any loop. */
function carefully(
  slice: Buffer,
  before: number,
  { reader, reading, columns }: { reader: Reader; reading: JsonReading; columns: Column[] },
): Written {
  const careful = new JsonRecord(new KeyTree(reading.keys))
  const rows = new JsonRows(columns.map(wayOf), slice.length)
  const check = new ByteCheck(slice)
  const broken: Broken[] = []
  const kept: { line: number; start: number; end: number }[] = []
  for (const { line, start, end } of reader.records(slice, before)) {
    const fault = check.fault(start, end) ?? careful.read(slice, start, end)
    if (fault) broken.push({ ...fault, line, raw: slice.subarray(start, end) })
    else {
      rows.add(careful, slice, end - start)
      kept.push({ line, start, end })
    }
  }
  return {
    ...{ bytes: rows.bytes, ends: rows.ends, broken },
    lines: kept.map(({ line }) => line),
    starts: kept.map(({ start }) => start),
    rawEnds: kept.map(({ end }) => end),
  }
}

/** @returns how many records were written; -1 for a file that is none */
function compare({ subject }: Way, bytes: Buffer, given: Sizes & { picks: number[] }): number {
  const shape = shapeOrNull(subject, bytes, given)
  if (!shape) return -1
  const reading = shape.reading as JsonReading
  const columns = columnsOf(shape.width, given.picks)
  const fields = new JsonFields('x', { keys: [] })
  const reader = subject.format.reader(reading, columns)
  let count = 0
  for (const { slice, lines } of slicesOf(shape, bytes)) {
    const expected = carefully(slice, lines, { reader, reading, columns })
    const found = reader.write(slice, lines)
    expect(found.bytes.toString('latin1')).toBe(expected.bytes.toString('latin1'))
    expect({ ...found, bytes: null }).toEqual({ ...expected, bytes: null })
    count += found.lines.length
    for (const { line, start, end } of reader.records(slice, lines)) {
      fields.add(slice, start, end, line)
    }
  }
  const { keys, types: facts, sparse } = fields.fields()
  // The keys of the head come first in a file, whatever its first records have.
  const inOrder = reading.keys.map((path) => keys.findIndex(([key]) => key === path[0]))
  const met = inOrder.filter((at) => at >= 0)
  expect(met.toSorted((a, b) => a - b)).toEqual(keys.map((_, at) => at))
  // Only the head looks at an element without a comma, and takes its keys.
  if (shape.flaws.length === 0) expect(met).toEqual(inOrder)
  if (fields.records > 0) {
    expect(shape.types).toEqual(inOrder.map((at) => facts[at] ?? { tallies: [] }))
    const isSparse = (at: number) => at < 0 || sparse?.includes(at)
    expect(shape.sparse ?? []).toEqual(
      inOrder.flatMap((at, field) => (isSparse(at) ? [field] : [])),
    )
  }
  return count
}

function shapeOrNull(subject: Subject, bytes: Buffer, given: Sizes) {
  try {
    return shapeOf(subject, bytes, given)
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null
    throw error
  }
}

const picks = fc.array(fc.nat(100), { minLength: 1, maxLength: 9 })

describe.each(Object.entries(ways))('%s', (_, way) => {
  test('any records, whole or damaged, in any chunks', () => {
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 15 }),
        damage,
        sizes,
        picks,
        (records, at, given, of) => {
          // Twice, for the loops count no kind that is new.
          const text = way.write([...records, ...records])
          compare(way, damaged(text, at), { ...given, picks: of })
        },
      ),
      some,
    )
  })

  test('more than the loops see at once', () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 3, maxLength: 30 }),
        fc.integer({ min: 1, max: 3000 }),
        damage,
        (records, fill, at) => {
          const long = `{"a":1,"b":"${'x'.repeat(fill * 100)}"}`
          const all: string[] = []
          for (let size = 0, no = 0; size < 2 << 20; no++) {
            const next = no % 40 === 39 ? long : (records[no % records.length] as string)
            all.push(next)
            size += next.length + 1
          }
          const given = { chunkBytes: 700_000, cutBytes: 3 << 19, picks: [1, 4, 3] }
          compare(way, damaged(way.write(all), at), given)
        },
      ),
      { ...some, numRuns: 2 },
    )
  })
})

test('there are rows to compare in most files', () => {
  const way = ways.lines as Way
  const files = fc.sample(fc.array(record, { minLength: 5, maxLength: 15 }), some)
  const given = { chunkBytes: 1000, cutBytes: 1000, picks: [1, 2, 3] }
  const counts = files.map((records) => compare(way, Buffer.from(way.write(records)), given))
  expect(counts.filter((count) => count > 2).length).toBeGreaterThan(files.length / 2)
})

test('more keys than the loops know, and keys that take too much room, are read all the same', () => {
  const given = { chunkBytes: 1 << 20, cutBytes: 1 << 20, picks: [1, 2, 3] }
  const wide = `{${Array.from({ length: 1600 }, (_, at) => `"key ${at}":${at}`).join(',')}}`
  const long = `{${Array.from({ length: 90 }, (_, at) => `"${'k'.repeat(4000 + at)}":${at}`).join(',')}}`
  for (const each of [wide, long]) {
    const way = ways.lines as Way
    expect(compare(way, Buffer.from(way.write(Array(20).fill(each))), given)).toBe(20)
  }
})

test('files that are staged at the same time do not count for each other', () => {
  const texts = ['{"a":1,"b":"x"}\n', '{"b":true,"c":[1],"a":"2024-01-31"}\n'].map((each) =>
    Buffer.from(each.repeat(100)),
  )
  const { format } = subjectOf('ndjson')
  const scans = texts.map((bytes) => {
    const head = format.head({ name: 'x', bytes, whole: true, isNamed: true }, {})
    return format.scan(head, { name: 'x', sizeBytes: 10_000 })
  })
  for (let times = 0; times < 10; times++) {
    for (const [at, bytes] of texts.entries()) scans[at]?.push(bytes)
  }
  const tallies = scans.map((scan) => scan.shape().types?.map((each) => each.tallies))
  expect(tallies).toEqual([
    [[['whole', 1000, 1, '1']], [['text', 1000, 1, 'x']]],
    [
      [['boolean', 1000, 1, 'true']],
      [['jsonb', 1000, 1, '[1]']],
      [['date', 1000, 1, '2024-01-31']],
    ],
  ])
})
