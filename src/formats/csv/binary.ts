/** Records of CSV as rows of COPY BINARY, which cost PostgreSQL half of what their text does. */
import type { Column } from '../../domain/columns.ts'
import { NotBinary } from '../../domain/copyForm.ts'
import { changesBooleans } from '../../domain/values.ts'
import { type BinaryType, binaryTypesOf, numberOf } from '../binaryTypes.ts'
import type { Binary } from '../reader.ts'
import type { Dialect } from './dialect.ts'
import { type Marks, marksOf, noBytes } from './marks.ts'
import { type RowsLoop, rowsLoop } from './rowsLoop.ts'

const orders = { DMY: 1, MDY: 2, YMD: 3 }
/** A longer text for NULL is not one. */
const nullBytesMax = 64
/** What rows begin with: a signature, flags, and the length of what else there may be. */
const head = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
/** In place of the number of columns of a row. */
const foot = Buffer.from([0xff, 0xff])
/** So many bytes go together. */
const sentBytes = 256 * 1024

/** @returns null where values have other types, or are written otherwise, than the loop knows */
export function binaryOf(dialect: Dialect, columns: readonly Column[]): Binary | null {
  const types = binaryTypesOf(columns)
  if (!types?.length || !isKnown(dialect, columns)) return null
  return { copy: { format: 'binary', types }, rows: (chunks) => rowsOf(chunks, dialect, types) }
}

function isKnown(dialect: Dialect, columns: readonly Column[]): boolean {
  const { delimiter, escape } = marksOf(dialect)
  const { quote, nullText, nullWords = [], repeatedHeaders = [], decimal, thousands } = dialect
  const hasWords = nullWords.length > 0 || columns.some((column) => column.nullWords?.length)
  const hasBooleans = columns.some(({ type }) => type === 'boolean')
  return (
    delimiter.length === 1 &&
    escape < 0 &&
    Buffer.byteLength(nullText) <= nullBytesMax &&
    // Within quotes it would be doubled.
    (quote === '' || !nullText.includes(quote)) &&
    !hasWords &&
    repeatedHeaders.length === 0 &&
    // What stands between thousands is no point to the loop.
    (decimal === ',' || thousands !== '.') &&
    !(hasBooleans && changesBooleans(dialect))
  )
}

/** @throws NotBinary where it is not sure what PostgreSQL would make of a value */
async function* rowsOf(
  chunks: AsyncIterable<Buffer>,
  dialect: Dialect,
  types: readonly BinaryType[],
): AsyncGenerator<Buffer> {
  const writer = new RowsWriter(dialect, types)
  yield head
  for await (const chunk of chunks) {
    writer.add(chunk)
    if (writer.size >= sentBytes) yield writer.take()
  }
  writer.end()
  yield writer.take()
  yield foot
}

class RowsWriter {
  /** Bytes of rows that have not been taken. */
  size = 0
  readonly #dialect: Dialect
  readonly #marks: Marks
  readonly #types: Buffer
  readonly #nullText: Buffer
  readonly #loop: RowsLoop
  /** What of the last record has come. */
  #tail: Buffer = noBytes
  #rows: Buffer = Buffer.allocUnsafe(2 * sentBytes)

  constructor(dialect: Dialect, types: readonly BinaryType[]) {
    this.#dialect = dialect
    this.#marks = marksOf(dialect)
    this.#types = Buffer.from(types.map(numberOf))
    this.#nullText = Buffer.from(dialect.nullText)
    this.#loop = rowsLoop()
  }

  /** @throws NotBinary */
  add(chunk: Buffer): void {
    const { loop, memory } = this.#loop
    this.#tell()
    const window = loop.window.value
    for (let at = 0; at < chunk.length; ) {
      const from = window + this.#tail.copy(memory, window)
      const next = Math.min(chunk.length, at + window + loop.windowBytes.value - from)
      // A record that fills the window.
      if (next === at) throw new NotBinary()
      const to = from + chunk.copy(memory, from, at, next)
      const end = this.#write(window, to)
      this.#tail = Buffer.from(memory.subarray(end, to))
      at = next
    }
  }

  /** @throws NotBinary when the last record has no end */
  end(): void {
    if (this.#tail.length > 0) throw new NotBinary()
  }

  /** Valid until more is added. */
  take(): Buffer {
    const rows = this.#rows.subarray(0, this.size)
    this.size = 0
    return rows
  }

  /** Other files may have been read since. */
  #tell(): void {
    const { loop, memory } = this.#loop
    const { delimiter, newline, quote } = this.#marks
    const { decimal, dates = 'YMD' } = this.#dialect
    loop.marks(delimiter[0] as number, newline, quote, this.#types.length)
    loop.terms(decimal === ',' ? 44 : 46, orders[dates])
    loop.nulls(this.#nullText.length)
    this.#types.copy(memory, loop.types.value)
    this.#nullText.copy(memory, loop.nullText.value)
  }

  /** @returns where the first record starts that does not end there */
  #write(start: number, to: number): number {
    const { loop, memory } = this.#loop
    let from = start
    for (;;) {
      const records = loop.split(from, to)
      if (loop.isApart.value) throw new NotBinary()
      if (records === 0) return from
      const end = loop.rows(records)
      if (end === 0) throw new NotBinary()
      this.#keep(memory.subarray(loop.out.value, end))
      from = loop.splitTo.value
    }
  }

  #keep(rows: Buffer): void {
    const size = this.size + rows.length
    if (size > this.#rows.length) {
      const room = Buffer.allocUnsafe(2 * size)
      this.#rows.copy(room, 0, 0, this.size)
      this.#rows = room
    }
    rows.copy(this.#rows, this.size)
    this.size = size
  }
}
