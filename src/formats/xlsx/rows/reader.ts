/** The rows of a sheet, written as COPY text. */
import { isUtf8 } from 'node:buffer'
import { type Column, isTextType } from '../../../domain/columns.ts'
import { rejectReason } from '../../../errors/rejects.ts'
import { escaped } from '../../copyText.ts'
import { wrongCount } from '../../faults.ts'
import type { Broken, Fault, Reader, Written } from '../../reader.ts'
import { type Cell, cellsOf } from './cells.ts'
import { linesOf } from './lines.ts'
import type { RowsReading } from './reading.ts'

export function rowsReader(reading: RowsReading, columns: readonly Column[]): Reader {
  const rows = new Rows(reading, columns)
  return {
    changesTerms: false,
    asIs: null,
    *records(slice, lines) {
      for (const { isRecord, ...record } of linesOf(slice, lines)) {
        if (isRecord) yield record
      }
    },
    write: (slice, lines) => rows.write(slice, lines),
    values: (raw) => rows.values(raw),
    width: (raw) => rows.width(raw),
    ragged: () => ({ dropped: [], isPadded: false }),
    isPart: () => false,
  }
}

/** What a code unit takes at most. */
const utf8BytesMax = 3

function grown(bytes: Buffer, needed: number): Buffer {
  const more = Buffer.allocUnsafe(Math.max(needed, bytes.length * 2))
  bytes.copy(more)
  return more
}

class Rows {
  readonly #reading: RowsReading
  readonly #columns: readonly Column[]
  readonly #isText: boolean[]

  constructor(reading: RowsReading, columns: readonly Column[]) {
    this.#reading = reading
    this.#columns = columns
    this.#isText = columns.map(({ type }) => isTextType(type))
  }

  values(raw: Buffer): (string | null)[] {
    const cells = cellsOf(raw.toString())
    if ('problem' in cells) return [raw.toString()]
    const { length } = this.#columns
    const own = cells.slice(this.#reading.from ?? 0)
    const padded = Array.from({ length: Math.max(length, own.length) }, (_, at) => own[at])
    return padded.map((cell) => (!cell || cell.kind === 'null' ? null : cell.text))
  }

  width(raw: Buffer): number {
    const cells = cellsOf(raw.toString())
    return 'problem' in cells ? 0 : Math.max(this.#columns.length, this.#widthOf(cells))
  }

  write(slice: Buffer, before: number): Written {
    const lines: number[] = []
    const starts: number[] = []
    const rawEnds: number[] = []
    const ends: number[] = []
    const broken: Broken[] = []
    // As COPY text a row is shorter, as a rule, than as JSON.
    let bytes: Buffer = Buffer.allocUnsafe(slice.length)
    let size = 0
    for (const { line, start, end, isRecord } of linesOf(slice, before)) {
      if (!isRecord) continue
      const raw = slice.subarray(start, end)
      const row = this.#row(raw)
      if (typeof row !== 'string') {
        broken.push({ ...row, line, raw })
        continue
      }
      const needed = size + row.length * utf8BytesMax
      if (needed > bytes.length) bytes = grown(bytes, needed)
      size += bytes.write(row, size)
      ends.push(size)
      lines.push(line)
      starts.push(start)
      rawEnds.push(end)
    }
    return { bytes: bytes.subarray(0, size), ends, lines, starts, rawEnds, broken }
  }

  /** @returns the record as COPY text, or why it cannot be loaded */
  #row(raw: Buffer): string | Fault {
    if (!isUtf8(raw)) return { ...rejectReason('invalid_utf8', {}), column: null }
    const cells = cellsOf(raw.toString())
    if ('problem' in cells) return { ...rejectReason('not_cells', cells), column: null }
    const width = this.#columns.length
    const found = this.#widthOf(cells)
    if (found > width) return wrongCount(found, width)
    const { from = 0 } = this.#reading
    let row = ''
    for (let at = 0; at < width; at++) {
      const cell = cells[from + at]
      const value = cell ? this.#value(cell, at) : '\\N'
      if (typeof value !== 'string') return value
      row += at === 0 ? value : `\t${value}`
    }
    return `${row}\n`
  }

  #value({ kind, text }: Cell, at: number): string | Fault {
    if (kind === 'null') return '\\N'
    const { name, nullWords } = this.#columns[at] as Column
    if (kind === 'error') {
      if (this.#reading.errorsAreNull) return '\\N'
      return { ...rejectReason('error_cell', { value: JSON.stringify(text) }), column: name }
    }
    if (kind === 'number' || kind === 'boolean') return text
    // A formula gives an empty text where it has no number.
    const isNull = nullWords?.includes(text) || (text === '' && !this.#isText[at])
    if (kind === 'text' && isNull) return '\\N'
    const fault = characterFault(text)
    return fault ? { ...fault, column: name } : escaped(text)
  }

  /** How many fields the cells are. Those in front of the table must be empty. */
  #widthOf(cells: readonly Cell[]): number {
    const { from = 0 } = this.#reading
    let last = cells.length
    while (last > 0 && cells[last - 1]?.kind === 'null') last--
    const isBefore = cells.slice(0, Math.min(from, last)).some(({ kind }) => kind !== 'null')
    return isBefore ? Math.max(last, this.#columns.length + 1) : Math.max(0, last - from)
  }
}

const halfPair = /\p{Surrogate}/u

/** Characters that PostgreSQL cannot store. */
function characterFault(text: string): Omit<Fault, 'column'> | null {
  if (text.includes('\0')) return rejectReason('nul_byte', {})
  return halfPair.test(text) ? rejectReason('invalid_utf8', {}) : null
}
