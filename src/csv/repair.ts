/**
 * The repair lane: looks at every record of a slice that COPY cannot take as it is, and sorts out
 * those that are no records for it. What is left goes through COPY again.
 */
import { isUtf8 } from 'node:buffer'
import type { Dialect } from '../domain/words.ts'
import { rejectReason } from '../errors/rejects.ts'
import { shapeOf, soundRecords } from './records.ts'

/** Why a record cannot be loaded. */
export interface Fault {
  code: string
  error: string
  column: string | null
}

export interface Broken extends Fault {
  /** Physical line, counted from 1. */
  line: number
  raw: Buffer
}

/** Takes records of a slice and writes them as COPY shall have them, each with `\n` behind it. */
export interface Writer {
  /** @returns why the record cannot be loaded; then nothing of it is written */
  add(start: number, end: number): Fault | null
  bytes: Buffer
  /** Where each record ends in `bytes`. */
  ends: number[]
}

export interface Triaged {
  broken: Broken[]
  /** Physical line, and the raw bytes in the slice, of each record that was written. */
  lines: number[]
  starts: number[]
  rawEnds: number[]
}

/**
 * @param slice between two cuts of staging
 * @param options the longest record, the lines before the slice, whether a blank line is a record
 * @returns what was written and what was not; together they are every record that is not blank
 */
export function triage(
  slice: Buffer,
  dialect: Dialect,
  options: { recordBytesMax: number; lines: number; blankIsRecord: boolean; writer: Writer },
): Triaged {
  const { recordBytesMax, blankIsRecord, writer } = options
  const triaged: Triaged = { broken: [], lines: [], starts: [], rawEnds: [] }
  for (const span of soundRecords(slice, dialect, { lines: options.lines, recordBytesMax })) {
    const { start, end, broken } = span
    if (span.blank && !blankIsRecord) continue
    const line = span.lines + 1
    const fault = broken ? notClosed : writer.add(start, end)
    if (fault) triaged.broken.push({ line, ...fault, raw: slice.subarray(start, end) })
    else {
      triaged.lines.push(line)
      triaged.starts.push(start)
      triaged.rawEnds.push(end)
    }
  }
  return triaged
}

export const notClosed: Fault = {
  ...rejectReason('quote_not_closed', {}),
  column: null,
}

export function wrongCount(fields: number, width: number): Fault {
  const found = `${fields} ${fields === 1 ? 'field' : 'fields'}`
  return { ...rejectReason('wrong_column_count', { fields: found, width }), column: null }
}

/** Looks at bytes that PostgreSQL cannot store: at the slice first, which is nearly always clean. */
export class ByteCheck {
  readonly #slice: Buffer
  readonly #isClean: boolean

  constructor(slice: Buffer) {
    this.#slice = slice
    this.#isClean = isUtf8(slice) && !slice.includes(0)
  }

  fault(start: number, end: number): Fault | null {
    if (this.#isClean) return null
    const raw = this.#slice.subarray(start, end)
    if (!isUtf8(raw)) return { ...rejectReason('invalid_utf8', {}), column: null }
    return raw.includes(0) ? { ...rejectReason('nul_byte', {}), column: null } : null
  }
}

/** Writes records as they are, for a dialect that COPY can read. */
export class RawWriter implements Writer {
  readonly bytes: Buffer
  readonly ends: number[] = []
  readonly #slice: Buffer
  readonly #dialect: Dialect
  readonly #width: number
  readonly #check: ByteCheck
  #at = 0

  constructor(slice: Buffer, dialect: Dialect, width: number) {
    this.#slice = slice
    this.#dialect = dialect
    this.#width = width
    this.#check = new ByteCheck(slice)
    // The last record may lack its line end.
    this.bytes = Buffer.allocUnsafe(slice.length + 1)
  }

  add(start: number, end: number): Fault | null {
    const { fields } = shapeOf(this.#slice.subarray(start, end), this.#dialect)
    if (fields !== this.#width) return wrongCount(fields, this.#width)
    const fault = this.#check.fault(start, end)
    if (fault) return fault
    this.#at += this.#slice.copy(this.bytes, this.#at, start, end)
    this.bytes[this.#at++] = 10
    this.ends.push(this.#at)
    return null
  }
}
