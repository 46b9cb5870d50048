/**
 * What every format must keep to, whatever its files look like.
 *
 * Any rows, written as a file, must come back: through its head, a scan in chunks of any size, the
 * slices between its cuts, and either lane of a load. `conformance` declares the tests; a format's own
 * test file says how its files are written.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FileShape } from '../../src/domain/words.ts'
import { recordBytesMax } from '../../src/formats/format.ts'
import { oneRecord } from '../../src/formats/oneRecord.ts'
import { transaction } from '../../src/postgres/db.ts'
import type { Harness } from '../harness.ts'
import {
  headOf,
  keptOf,
  lineBehind,
  type Row,
  readAll,
  readerOf,
  rowsOf,
  type Subject,
  shapeOf,
  sizes,
  texts,
} from './asAnIngest.ts'
import { inPostgres } from './bothLanes.ts'

const some = { numRuns: 60, seed: 20261128 }

/** @param harness for what only PostgreSQL can tell */
export function conformance(name: string, subject: Subject, harness: Harness): void {
  const { width, write, record, bad, value } = subject
  const rowsArb = (min = 0) =>
    fc.array(fc.array(value, { minLength: width, maxLength: width }), {
      minLength: min,
      maxLength: 25,
    })

  describe(name, () => {
    test('any rows come back, whatever the chunks and the cuts', () => {
      fc.assert(
        fc.property(rowsArb(), sizes, (rows, given) => {
          const { rows: found, rejects, raws, reader } = readAll(subject, write(rows), given)
          expect(found).toEqual(rows)
          expect(rejects).toEqual([])
          expect(raws).toEqual(rows.map(record))
          for (const [at, raw] of raws.entries()) {
            expect(reader.values(Buffer.from(raw))).toEqual(rows[at])
            expect(reader.width(Buffer.from(raw))).toBe(width)
          }
        }),
        some,
      )
    })

    test('a record alone is that record: as a corrected reject it is one', () => {
      fc.assert(
        fc.property(rowsArb(1), fc.nat(1000), (rows, before) => {
          const shape = shapeOf(subject, write(rows), { chunkBytes: 1000, cutBytes: 1 << 20 })
          const reader = readerOf(subject, shape, texts(width))
          const at = { line: before + 1, newline: shape.reading.newline }
          for (const row of rows) {
            const one = oneRecord(keptOf(reader, record(row)), reader, at)
            const bytes = 'bytes' in one ? one.bytes : Buffer.alloc(0)
            expect(rowsOf({ bytes, ends: [bytes.length] })).toEqual([row])
          }
          const kept = keptOf(reader, record(rows[0] as Row))
          const two = Buffer.from(`${kept}${at.newline}${kept}x`)
          expect(oneRecord(two, reader, at)).not.toHaveProperty('bytes')
        }),
        some,
      )
    })

    if (bad) {
      const { raw, code } = bad
      test('a line that is no record is one reject, at its place', () => {
        fc.assert(
          fc.property(rowsArb(), rowsArb(), sizes, (before, behind, given) => {
            const start = write(before)
            const rest = write(behind).subarray(write([]).length)
            const all = Buffer.concat([start, rest])
            const newline = ['\r\n', '\n', '\r'].find((each) => all.includes(each)) ?? '\n'
            const bytes = Buffer.concat([start, Buffer.from(`${raw}${newline}`), rest])
            const { rows, rejects } = readAll(subject, bytes, given)
            expect(rows).toEqual([...before, ...behind])
            expect(rejects).toEqual([{ line: lineBehind(subject, start), code, raw }])
          }),
          some,
        )
      })
    }

    test('a file that ends anywhere has the records before that, and is counted as it is read', () => {
      fc.assert(
        fc.property(rowsArb(1), fc.nat(), sizes, (rows, at, given) => {
          const all = write(rows)
          const from = write([]).length
          const bytes = all.subarray(0, from + (at % (all.length - from)))
          const complete = rows.filter(
            (_, no) => write(rows.slice(0, no + 1)).length <= bytes.length,
          )
          const { rows: found } = readAll(subject, bytes, given)
          expect(found.slice(0, complete.length)).toEqual(complete)
        }),
        some,
      )
    })

    test('a file without bytes, and one without a row, have no records', () => {
      for (const bytes of [Buffer.alloc(0), write([])]) {
        expect(readAll(subject, bytes, { chunkBytes: 10, cutBytes: 10 }).raws).toEqual([])
      }
    })

    test('a record that is too long is a flaw; those around it are read', () => {
      const filled = (text: string) => Array.from({ length: width }, () => text)
      const bytesOf = (chars: number) => record(filled('x'.repeat(chars))).length
      const bytesEach = (bytesOf(1000) - bytesOf(0)) / 1000
      const long = filled('x'.repeat(Math.ceil((recordBytesMax + 100) / bytesEach)))
      const bytes = write([filled('1'), long, filled('2')])
      const given = { chunkBytes: 1 << 16, cutBytes: 1 << 20 }
      const { rows, shape } = readAll(subject, bytes, given)
      expect(rows).toEqual([filled('1'), filled('2')])
      const line = lineBehind(subject, write([filled('1')]))
      expect(shape.flaws).toMatchObject([{ line }])
      const { start, end } = shape.flaws[0] as FileShape['flaws'][number]
      expect(bytes.toString('utf8', start, end).trimEnd()).toBe(record(long))
    })

    test('the memory of a scan does not grow with the file', () => {
      const rows = Array.from({ length: 1000 }, (_, at) =>
        Array.from({ length: width }, () => `value ${at}`),
      )
      const start = write([])
      const chunk = write(rows).subarray(start.length)
      const head = headOf(subject, Buffer.concat([start, chunk]))
      const scan = subject.format.scan(head, { name: 'x', sizeBytes: 100 * chunk.length })
      const held = () => process.memoryUsage().arrayBuffers
      scan.push(start)
      for (let times = 0; times < 20; times++) scan.push(chunk)
      const before = held()
      const rounds = Math.ceil((24 << 20) / chunk.length)
      for (let times = 0; times < rounds; times++) scan.push(chunk)
      expect(held() - before).toBeLessThan(4 << 20)
      expect(scan.shape().cuts.at(-1)?.records).toBe((20 + rounds) * rows.length)
    })

    test('PostgreSQL takes the rows from both lanes; a wrong value is one reject, until corrected', async () => {
      const tail = fc.array(value, { minLength: width - 1, maxLength: width - 1 })
      const bodies = fc.array(tail, { minLength: 1, maxLength: 12 })
      await fc.assert(
        fc.asyncProperty(bodies, fc.nat(), sizes, async (tails, pick, given) => {
          const wrong = pick % tails.length
          const rows = tails.map((row, at): Row => [at === wrong ? 'wrong' : `${at}`, ...row])
          await transaction(harness.db, async (tx) => {
            await inPostgres(tx, { subject, rows, wrong, given })
          })
        }),
        { ...some, numRuns: 20 },
      )
    })
  })
}
