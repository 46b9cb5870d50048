/** The fast loop against a slow one, record by record, over random bytes in random chunks. */
import { expect, test } from 'vitest'
import type { Marks } from '../../../src/formats/csv/marks.ts'
import { PlainWalk } from '../../../src/formats/csv/plainWalk.ts'

type WalkLimits = Omit<Marks, 'commentText'> & { sizeMin: number; sizeMax: number }

/** Where the walk must stop, and how many records it passed before that. */
interface Stop {
  at: number
  records: number
}

/** Quotes stand around whole fields, or are doubled within these. */
function isWellQuoted(record: string, { delimiter, quote, newline }: WalkLimits): boolean {
  const [comma, mark] = [delimiter.toString('latin1'), String.fromCharCode(Math.max(0, quote))]
  if (quote < 0 || !record.includes(mark)) return true
  if (delimiter.length > 1) return false
  const content = newline === 10 ? record.replace(/\r$/, '') : record
  const field = `(?:${mark}(?:[^${mark}]|${mark}${mark})*${mark}|[^${mark}${comma}][^${mark}${comma}]*|)`
  return new RegExp(`^${field}(?:${comma}${field})*$`, 's').test(content)
}

/** What `PlainWalk` promises, as simply as it can be said. */
function slowly(bytes: Buffer, from: number, stopAt: number, limits: WalkLimits): Stop {
  const { newline, comment, sizeMin, sizeMax } = limits
  let records = 0
  for (let at = from; at < bytes.length; records++) {
    const end = bytes.indexOf(newline, at)
    if (bytes[at] === comment) return { at, records }
    if (end < 0) break
    const size = end - at
    const isPlain = size >= sizeMin && size < sizeMax && end + 1 < stopAt
    if (!isPlain || !isWellQuoted(bytes.toString('latin1', at, end), limits)) return { at, records }
    at = end + 1
  }
  return { at: bytes.length, records }
}

/** As the scan does it: chunk by chunk, and each record that is not plain is passed over. */
function* stopsOf(bytes: Buffer, limits: WalkLimits, chunks: () => number, stopAt: number) {
  const walk = new PlainWalk(limits, limits.sizeMax, { sizeMin: limits.sizeMin })
  let start = 0
  let records = 0
  for (let from = 0, to = 0; from < bytes.length; from = to) {
    to = Math.min(bytes.length, from + chunks())
    walk.take(bytes.subarray(from, to))
    let index = Math.max(start, from)
    while (index < to) {
      Object.assign(walk, { index: index - from, start: start - from })
      walk.walk(stopAt - from)
      records += walk.records
      start = walk.start + from
      index = walk.index + from
      if (index === to) break
      if (index !== start) throw new Error(`it stops at ${index}, in a record from ${start}`)
      yield { at: start, records }
      records = 0
      const end = bytes.indexOf(limits.newline, start)
      start = end < 0 ? bytes.length : end + 1
      index = Math.max(start, from)
    }
  }
  yield { at: bytes.length, records }
}

/** Numbers below `below`, always the same ones for a seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

type Random = (below: number) => number

/** Fields of which most are quoted as they should be. */
function bytesOf(random: Random, size: number, long: number): Buffer {
  const kinds = [
    '',
    '"x"',
    '"a,b"',
    '"""x"""',
    '""',
    'x',
    '"a""b"',
    'x"y',
    '"x"y',
    '"x',
    ' "x"',
    '#',
  ]
  const good = 7
  const parts: string[] = []
  for (let bytes = 0; bytes < size; ) {
    const kind = kinds[random(8) > 0 ? random(good) : random(kinds.length)] as string
    const filler = 'x'.repeat(random(long))
    const field = kind.replace('x', () => filler)
    const end = [',', ',', ',', '\n', '\n', '\r\n', '\r'][random(random(9) > 0 ? 6 : 7)] as string
    parts.push(field, end)
    bytes += field.length + end.length
  }
  return Buffer.from(parts.join(''))
}

const delimiter = Buffer.from(',')
const csv = {
  delimiter,
  newline: 10,
  quote: 34,
  escape: -1,
  comment: -1,
  sizeMin: 2,
  sizeMax: 1000,
}
test.each([
  ['short fields', csv, 3000, 3],
  ['fields of about a block', csv, 20_000, 60],
  ['records that are too long', { ...csv, sizeMax: 100 }, 5000, 40],
  ['records that may have delimiters only', { ...csv, sizeMin: 9 }, 5000, 6],
  ['no quotes', { ...csv, quote: -1 }, 5000, 10],
  ['comments', { ...csv, comment: 35 }, 5000, 8],
  ['a delimiter of several bytes', { ...csv, delimiter: Buffer.from(',,') }, 5000, 8],
  ['lines that end with CR', { ...csv, newline: 13 }, 5000, 8],
  ['records over several windows', { ...csv, sizeMax: 2 ** 40 }, 6e6, 1.5e6],
  ['windows of short records', { ...csv, sizeMax: 2000 }, 2.3e6, 200],
])('%s', (_, limits, size, long) => {
  const random = randomOf(size + long)
  let stops = 0
  let passed = 0
  for (let turn = 0; turn < 30 && stops < 6000; turn++) {
    const bytes = bytesOf(random, size, long)
    const stopAt = random(3) > 0 ? 2 ** 40 : random(bytes.length)
    const most = random(2) > 0 ? 200 : 3e6
    let from = 0
    // Of each stop by itself, what Vitest does for an assertion took longer than the walk.
    const found: Stop[] = []
    const wanted: Stop[] = []
    for (const stop of stopsOf(bytes, limits, () => 1 + random(most), stopAt)) {
      found.push(stop)
      wanted.push(slowly(bytes, from, stopAt, limits))
      const end = bytes.indexOf(limits.newline, stop.at)
      from = end < 0 ? bytes.length : end + 1
      stops++
      passed += stop.records
    }
    expect(found).toEqual(wanted)
  }
  expect(stops).toBeGreaterThan(10)
  expect(passed).toBeGreaterThan(10)
})

test('one that is not of ASCII is no mark, also without quotes', () => {
  const walk = new PlainWalk({ ...csv, quote: -1, delimiter: Buffer.from('¦') }, 100)
  walk.take(Buffer.from([0xff, 0xff, 0xff, 10, 0xff, 0xff, 10]))
  walk.walk(1000)
  expect(walk).toMatchObject({ index: 7, start: 7, records: 2 })
})
