/**
 * A toy format: one value a line, perhaps behind a prefix. All that it needs is in this folder, which
 * shows that a format can be added without a change to any other file.
 */
import { Type } from 'typebox'
import type { Options } from '../../../src/domain/option.ts'
import type { Cut, FileShape, Flaw, Reading } from '../../../src/domain/words.ts'
import { ByteCheck, wrongCount } from '../../../src/formats/faults.ts'
import {
  type Format,
  type FormatOptions,
  type Head,
  recordBytesMax,
  type Scan,
} from '../../../src/formats/format.ts'
import type { Broken, Reader, RecordAt, Written } from '../../../src/formats/reader.ts'
import { sharedOptions } from '../../../src/formats/sharedOptions.ts'

const LF = 10

interface LinesReading extends Reading {
  kind: 'lines'
  prefix: string
}

interface LinesOptions extends FormatOptions {
  prefix?: string
}

const options = {
  encoding: sharedOptions.encoding,
  prefix: {
    schema: Type.String({ minLength: 1, maxLength: 10 }),
    about: 'what stands in front of each value',
    absent: 'nothing',
    flag: { text: '--prefix <text>' },
    shown: { value: ({ prefix }: LinesReading) => prefix || null, isSniffed: false },
    example: "--prefix '* '",
  },
} satisfies Options

const readingOf = (prefix = ''): LinesReading => ({ kind: 'lines', newline: '\n', prefix })

const headOf = (bytes: Buffer, { prefix }: LinesOptions): Head<LinesReading> => ({
  reading: readingOf(prefix),
  header: null,
  width: bytes.length > 0 ? 1 : 0,
  start: { offset: 0, lines: 0 },
  notes: [],
})

export const lines: Format<LinesOptions, LinesReading> = {
  kind: 'lines',
  options,
  extensions: ['lines'],
  recognise: () => 'perhaps',
  check: () => {},
  empty: readingOf(),
  head: ({ bytes }, given) => headOf(bytes, given),
  headIn: ({ bytes }, known) => ({ head: headOf(bytes, known.options) }),
  isTable: () => true,
  differences: () => [],
  terms: () => ({ nulls: [], headerRows: 0, hasWords: false }),
  ofUnit: (reading) => reading,
  sample(bytes, _, { whole, recordsMax }) {
    const all = [...linesOf(bytes, 0)].filter(({ next, end }) => whole || next > end)
    return { bytes: bytes.subarray(0, all.slice(0, recordsMax).at(-1)?.next ?? 0), lines: 0 }
  },
  scan: ({ reading }, { cutBytes = 4 << 20 }) => new LineScan(reading, cutBytes),
  reader: linesReader,
}

class LineScan implements Scan {
  readonly #reading: LinesReading
  readonly #cutBytes: number
  readonly #cuts: Cut[] = [{ offset: 0, lines: 0, records: 0, broken: 0 }]
  readonly #flaws: Flaw[] = []
  #size = 0
  /** Where the line under way starts, and what lies before it. */
  #start = 0
  #lines = 0
  #records = 0

  constructor(reading: LinesReading, cutBytes: number) {
    this.#reading = reading
    this.#cutBytes = cutBytes
  }

  push(chunk: Buffer): void {
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) {
      this.#line(this.#size + at + 1)
    }
    this.#size += chunk.length
  }

  shape(): FileShape {
    if (this.#size > this.#start) this.#line(this.#size)
    this.#cut()
    const [cuts, flaws] = [this.#cuts, this.#flaws]
    const width = cuts.length > 1 ? 1 : 0
    return { reading: this.#reading, header: null, width, cuts: width > 0 ? cuts : [], flaws }
  }

  #line(end: number): void {
    const isLong = end - this.#start > recordBytesMax
    if (isLong) {
      this.#cut()
      this.#flaws.push({ start: this.#start, end, line: this.#lines + 1 })
    } else this.#records++
    this.#lines++
    this.#start = end
    if (isLong || end - (this.#cuts.at(-1) as Cut).offset >= this.#cutBytes) this.#cut()
  }

  #cut(): void {
    const [offset, lines, records] = [this.#start, this.#lines, this.#records]
    if (offset > (this.#cuts.at(-1) as Cut).offset) {
      this.#cuts.push({ offset, lines, records, broken: 0 })
    }
  }
}

function* linesOf(slice: Buffer, before: number): Generator<RecordAt> {
  let line = before
  for (let start = 0; start < slice.length; ) {
    const found = slice.indexOf(LF, start)
    const end = found < 0 ? slice.length : found
    const next = Math.min(end + 1, slice.length)
    yield { line: ++line, start, end, next, broken: false, odd: false }
    start = next
  }
}

function linesReader({ prefix }: LinesReading): Reader {
  const isValue = (raw: Buffer) => raw.toString('utf8', 0, prefix.length) === prefix
  const valueOf = (raw: Buffer) => raw.toString().slice(prefix.length)
  return {
    changesTerms: false,
    asIs:
      prefix === ''
        ? {
            copy: { format: 'text' },
            suits: (slice) => !/[\\\t\r]/.test(slice.toString('latin1')),
            count: () => {
              let copyLine = 0
              return function* (slice, before) {
                for (const record of linesOf(slice, before)) {
                  yield { ...record, copyLine: ++copyLine }
                }
              }
            },
          }
        : null,
    records: linesOf,
    write: (slice, before) => written(slice, before, { isValue, valueOf }),
    values: (raw) => [isValue(raw) ? valueOf(raw) : raw.toString()],
    width: (raw) => (isValue(raw) ? 1 : 0),
    ragged: () => ({ dropped: [], isPadded: false }),
    isPart: () => false,
  }
}

const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\r': '\\r' }

function written(
  slice: Buffer,
  before: number,
  { isValue, valueOf }: { isValue: (raw: Buffer) => boolean; valueOf: (raw: Buffer) => string },
): Written {
  const check = new ByteCheck(slice)
  const parts: Buffer[] = []
  const broken: Broken[] = []
  const made = { ends: [] as number[], lines: [] as number[], starts: [] as number[] }
  const rawEnds: number[] = []
  let size = 0
  for (const { line, start, end } of linesOf(slice, before)) {
    const raw = slice.subarray(start, end)
    const fault = check.fault(start, end) ?? (isValue(raw) ? null : wrongCount(0, 1))
    if (fault) {
      broken.push({ ...fault, line, raw })
      continue
    }
    const value = valueOf(raw).replace(/[\\\t\r]/g, (char) => escapes[char] as string)
    const part = Buffer.from(`${value}\n`)
    parts.push(part)
    size += part.length
    made.ends.push(size)
    made.lines.push(line)
    made.starts.push(start)
    rawEnds.push(end)
  }
  return { bytes: Buffer.concat(parts), ...made, rawEnds, broken }
}
