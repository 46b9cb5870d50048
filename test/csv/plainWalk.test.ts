/** The fast loop against a slow one, byte by byte, over random bytes. */
import { expect, test } from 'vitest'
import { PlainWalk, type WalkLimits } from '../../src/csv/plainWalk.ts'

interface Stop {
  index: number
  start: number
  inQuotes: boolean
  records: number
}

/** What `PlainWalk` promises, as simply as it can be said. */
function slowly(
  bytes: Buffer,
  from: Stop,
  stopAt: number,
  { newline, quote, comment, sizeMax }: WalkLimits,
): Stop {
  let { index, start, inQuotes } = from
  let records = 0
  for (; index < bytes.length; index++) {
    if (comment >= 0 && index === start && bytes[index] === comment) break
    if (bytes[index] === quote) inQuotes = !inQuotes
    else if (bytes[index] === newline) {
      const size = index - start
      if (inQuotes || size < 2 || size >= sizeMax || index + 1 >= stopAt) break
      records++
      start = index + 1
    }
  }
  return { index, start, inQuotes, records }
}

/** Numbers below `below`, always the same ones for a seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function bytesOf(random: (below: number) => number, size: number, marks: number): Buffer {
  const bytes = Buffer.alloc(size, 'x')
  for (let at = random(marks * 2); at < size; at += 1 + random(marks * 2)) {
    bytes[at] = '\n\n\n\n""#,'.charCodeAt(random(8))
  }
  return bytes
}

/** From stop to stop, as the scan does, which takes the byte at each stop itself. */
function both(bytes: Buffer, limits: WalkLimits, random: (below: number) => number): number {
  const walk = new PlainWalk(limits)
  walk.take(bytes)
  let stops = 0
  let at: Stop = { index: 0, start: 0 - random(3), inQuotes: false, records: 0 }
  while (at.index < bytes.length) {
    const stopAt = at.index + random(bytes.length * 2)
    Object.assign(walk, at)
    walk.walk(stopAt)
    const expected = slowly(bytes, at, stopAt, limits)
    const { index, start, inQuotes, records } = walk
    expect({ index, start, inQuotes, records }).toEqual(expected)
    const isEnd = bytes[index] === limits.newline && !inQuotes
    const turns = bytes[index] === limits.quote
    at = { index: index + 1, start: isEnd ? index + 1 : start, inQuotes, records: 0 }
    if (turns) at.inQuotes = !inQuotes
    stops++
  }
  return stops
}

const newline = 10
test.each([
  ['dense marks', { newline, quote: 34, comment: -1, sizeMax: 100 }, 5000, 3],
  ['few marks', { newline, quote: 34, comment: -1, sizeMax: 1000 }, 20_000, 60],
  ['no quotes', { newline, quote: -1, comment: -1, sizeMax: 200 }, 5000, 10],
  ['comments', { newline, quote: 34, comment: 35, sizeMax: 200 }, 5000, 8],
  ['records over several windows', { newline, quote: 34, comment: 35, sizeMax: 2 ** 40 }, 4e6, 1e6],
  ['windows of short records', { newline, quote: 34, comment: -1, sizeMax: 2000 }, 2.3e6, 200],
])('%s', (_, limits, size, marks) => {
  const random = randomOf(size + marks)
  let stops = 0
  for (let turn = 0; turn < 20 && stops < 3000; turn++) {
    stops += both(bytesOf(random, size + random(200), marks), limits, random)
  }
  expect(stops).toBeGreaterThan(10)
})

test('one that is not of ASCII is no mark, also without quotes', () => {
  const walk = new PlainWalk({ newline, quote: -1, comment: -1, sizeMax: 100 })
  walk.take(Buffer.from([0xff, 0xff, 0xff, newline, 0xff, 0xff, newline]))
  walk.walk(1000)
  expect(walk).toMatchObject({ index: 7, start: 7, inQuotes: false, records: 2 })
})
