/** Threads that look at values: whatever they answer, and when, the facts are those of one look at all. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { MessageChannel, Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { FieldFacts } from '../../../src/domain/types.ts'
import type { Dialect } from '../../../src/formats/csv/dialect.ts'
import { readHeadBy } from '../../../src/formats/csv/head.ts'
import {
  Looking,
  type LookOrder,
  LookThreads,
  lookThreads,
} from '../../../src/formats/csv/lookThreads.ts'
import { emptyDialect as usual } from '../../../src/formats/csv/reading.ts'
import { Scanner } from '../../../src/formats/csv/scan.ts'
import { TypeScan } from '../../../src/formats/csv/typeScan.ts'
import { ValueKinds } from '../../../src/formats/csv/valueKinds.ts'
import { dist, root } from '../../dist.ts'

type Threads = Pick<LookThreads, 'look' | 'receive'>

const all = 2
let threads: LookThreads

const ready = (many: LookThreads, free: number) =>
  vi.waitFor(() => expect(many.free()).toBe(free), { timeout: 30_000, interval: 5 })

beforeAll(async () => {
  threads = new LookThreads(all, { bytesMin: 1 })
  threads.start()
  await ready(threads, 2 * all)
})
afterAll(() => threads.end())

interface Run {
  dialect: Dialect
  threads: Threads | null
  /** The bytes come in chunks that end here. */
  ends?: readonly number[]
  between?: (chunk: number) => void
}

function factsOf(bytes: Buffer, { dialect, threads: by, ends = [], between }: Run): FieldFacts[] {
  const file = { name: 'x', sizeBytes: bytes.length }
  const { width, start } = readHeadBy(bytes, file, dialect)
  const types = new TypeScan(dialect, { width, sizeBytes: bytes.length, threads: by })
  const limits = { cutBytes: 1 << 20, recordBytesMax: 1 << 24 }
  const scanner = new Scanner(dialect, limits, { ...start, types })
  let at = 0
  for (const [index, end] of [...ends, bytes.length].entries()) {
    if (end <= at) continue
    scanner.push(Buffer.from(bytes.subarray(at, end)))
    at = end
    between?.(index)
  }
  scanner.finish()
  return types.facts()
}

const values = [
  ...[
    '1',
    '-5',
    '12345678901234567890',
    '1.5',
    '1e5',
    '1.5e3',
    '00501',
    '+5',
    '',
    ' 7 ',
    'NA',
    '-',
  ],
  ...['true', 't', 'f', 'no', '2024-02-29', '31.12.2024', '2024-02-30', '2024-03-05 17:45:00'],
  ...['2024-03-05T17:45:00Z', '2024-03-05T17:45:00+09:00', '6f1f1a54-7e5e-4ef5-9d0b-0a3c4d5e6f70'],
  ...['{"a":1}', '{"a":1,"a":2}', '[]', 'Köln', 'a,b', 'two\nlines', 'x'.repeat(70), 'Ada', 'null'],
]
const columns = fc.array(
  fc.array(fc.oneof(fc.constantFrom(...values), fc.integer().map(String)), {
    minLength: 1,
    maxLength: 5,
  }),
  { minLength: 1, maxLength: 4 },
)
const dialects: Partial<Dialect>[] = [
  {},
  { newline: '\r\n' },
  { delimiter: ';', decimal: ',', dates: 'DMY' },
  { delimiter: '||' },
  { ragged: 'fit' },
  { nullText: 'NA', trueWords: ['ja'], falseWords: ['no'] },
  // A value that is a word as well: it must not hang on what a thread has seen.
  { nullText: '-5', trueWords: ['1'], falseWords: ['f'] },
]
const written = (text: string, { delimiter }: Dialect): string =>
  text.includes(delimiter) || /[\r\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text

const files = fc.record({
  columns,
  /** For each record a number that picks its values, and whether it has bytes that are no text. */
  picks: fc.array(fc.record({ pick: fc.nat(), odd: fc.nat(40) }), { minLength: 1, maxLength: 200 }),
  dialect: fc.constantFrom(...dialects),
  cuts: fc.array(fc.nat(), { maxLength: 12 }),
  /** After which chunks the threads have answered all. */
  waits: fc.array(fc.boolean(), { maxLength: 12 }),
})
type File = typeof files extends fc.Arbitrary<infer F> ? F : never

function fileOf({ columns, picks, dialect: terms, cuts }: File) {
  const dialect: Dialect = { ...usual, ...terms }
  const { delimiter, newline } = dialect
  const lines = picks.map(({ pick, odd }) => {
    const row = columns.map((column, at) =>
      written(column[(pick >> at) % column.length] ?? '', dialect),
    )
    const bytes = Buffer.from(row.join(delimiter) + (odd === 1 ? delimiter : '') + newline)
    if (odd === 2) bytes[0] = 0xff
    if (odd === 3) bytes[0] = 0
    return bytes
  })
  const header = columns.map((_, at) => `c${at}`).join(delimiter)
  const bytes = Buffer.concat([Buffer.from(header + newline), ...lines])
  const ends = cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b)
  return { bytes, dialect, ends }
}

/** Looks without any rest: the threads are on other cores. */
const untilAnswered = (many: LookThreads) => {
  const deadlineMs = Date.now() + 10_000
  while (many.free() < 2 * many.running) expect(Date.now()).toBeLessThan(deadlineMs)
}

test('whatever the cuts, and whenever threads answer, the facts are those of one look', () => {
  let answers = 0
  const counting: Threads = {
    look: (order, bytes) => {
      const looking = threads.look(order, bytes)
      if (looking) answers++
      return looking
    },
    receive: () => threads.receive(),
  }
  fc.assert(
    fc.property(files, (file) => {
      const { bytes, dialect, ends } = fileOf(file)
      const between = (chunk: number) => {
        if (file.waits[chunk]) untilAnswered(threads)
      }
      const alone = factsOf(bytes, { dialect, threads: null, ends })
      expect(factsOf(bytes, { dialect, threads: counting, ends, between })).toEqual(alone)
      // Nor do they depend on the cuts, but for such words, and where a column was settled on the way.
      const { hasTypedWords } = new ValueKinds(dialect)
      if (!hasTypedWords) expect(factsOf(bytes, { dialect, threads: null })).toEqual(alone)
    }),
    { numRuns: 300 },
  )
  expect(answers).toBeGreaterThan(100)
})

describe('a column that is text for sure', () => {
  const row = (at: number) => `${at % 3 === 0 ? at : `n${at}`},${at}\n`
  const text = Array.from({ length: 20_000 }, (_, at) => row(at)).join('')
  const bytes = Buffer.from(`a,b\n${text}late,2024-01-01\n`)
  const ends = Array.from({ length: bytes.length / 10_000 }, (_, at) => 10_000 * (at + 1))
  const dialect = { ...usual, header: true }
  const alone = factsOf(bytes, { dialect, threads: null, ends })

  test('is so from the same record on, whichever thread came to it', () => {
    expect(alone.map(({ isText }) => isText)).toEqual([true, undefined])
    for (const waits of [1, 2, 3, 1000]) {
      const between = (chunk: number) => {
        if (chunk % waits === 0) untilAnswered(threads)
      }
      expect(factsOf(bytes, { dialect, threads, ends, between })).toEqual(alone)
    }
  })

  test('and the others are counted to the end where no thread ever answers', () => {
    let asked = 0
    const silent: Threads = {
      look(order: LookOrder, part: Buffer) {
        return asked++ % 2 === 0 ? new Looking(order, Buffer.from(part)) : null
      },
      receive() {},
    }
    // All of them in one chunk: the walk goes on in a window that was needed for another look.
    expect(factsOf(bytes, { dialect, threads: silent, ends })).toEqual(alone)
    expect(asked).toBeGreaterThan(ends.length)
  })

  test('nothing is lost with a thread that is killed in the middle', async () => {
    const own = new LookThreads(1, { bytesMin: 1 })
    for (const at of [0, 5]) {
      // The next large file has a thread again.
      own.start()
      await ready(own, 2)
      let ended: Promise<void> | null = null
      const between = (chunk: number) => {
        if (chunk === at) ended = own.end()
      }
      expect(factsOf(bytes, { dialect, threads: own, ends, between })).toEqual(alone)
      await ended
      expect(own.running).toBe(0)
    }
  })
})

test('a look on this thread leaves the window of the walk as it was', () => {
  const rows = Array.from({ length: 400_000 }, (_, at) => `${at},x${at}\n`)
  const bytes = Buffer.from(`a,b\n${rows.join('')}`)
  const dialect = { ...usual, header: true }
  const silent: Threads = {
    look: (order, part) => new Looking(order, Buffer.from(part)),
    receive() {},
  }
  expect(factsOf(bytes, { dialect, threads: silent })).toEqual(
    factsOf(bytes, { dialect, threads: null }),
  )
})

test('a small file starts no thread, and a large one as many as there are cores to spare', async () => {
  expect(lookThreads(1_000_000).running).toBe(0)
  const started = lookThreads(16 * 1024 * 1024)
  expect(started.running).toBe(Math.min(3, availableParallelism() - 1))
  await started.end()
})

test('threads do not keep their process', async () => {
  const module = join(root, 'src/formats/csv/lookThreads.ts')
  const script = `
    const { LookThreads } = await import(${JSON.stringify(module)})
    const threads = new LookThreads(1)
    threads.start()
    while (threads.free() < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    console.log('ready')`
  const args = ['--import', 'tsx', '--input-type=module', '-e', script]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root })
  expect(stdout).toBe('ready\n')
})

test('a thread starts from dist/, as in the image', async () => {
  const { port1, port2 } = new MessageChannel()
  const entry = join(dist, 'src/formats/csv/lookThread.js')
  const workerData = { port: port2, windows: [] }
  const thread = new Worker(entry, { workerData, transferList: [port2], execArgv: [] })
  expect(await Promise.race([once(port1, 'message'), once(thread, 'exit')])).toEqual(['ready'])
  await thread.terminate()
})
