/** How the values of types without parts are written: as the text that PostgreSQL reads. */
import { AvroFault, type Cursor } from './cursor.ts'
import { dayText, microsOf, timestampText, timeText } from './days.ts'
import { decimalText } from './decimal.ts'
import type { Scalar } from './logical.ts'
import type { RowText } from './rowText.ts'

/** Reads one value and writes it. */
export type Write = (from: Cursor, to: RowText) => void

/** How a value stands in JSON: as it is, in quotes, or in a way of its own. */
export interface ScalarForm {
  /** The type in PostgreSQL. */
  type: string
  write: Write
  /** How many values lost nanoseconds; absent for a type that has none. */
  cut?: { values: number }
  json: 'bare' | 'quoted' | Write
}

const numericDigitsMax = 1000
const BACKSLASH = 92
const X = 120

export function scalarForm(type: Scalar): ScalarForm {
  switch (type.kind) {
    case 'null':
      return { type: 'text', write: (_, to) => to.ascii('\\N'), json: (_, to) => to.ascii('null') }
    case 'boolean':
      return { type: 'boolean', write: writeBoolean, json: 'bare' }
    case 'int':
      return { type: 'integer', write: (from, to) => to.whole(from.int()), json: 'bare' }
    case 'long':
      return { type: 'bigint', write: (from, to) => to.whole(from.long()), json: 'bare' }
    case 'float':
      return { type: 'real', write: (from, to) => to.ascii(readFloat(from)), json: jsonFloat }
    case 'double':
      return {
        type: 'double precision',
        write: (from, to) => to.ascii(readDouble(from)),
        json: jsonDouble,
      }
    case 'string':
      return { type: 'text', write: writeString, json: jsonString }
    case 'bytes':
      return bytesForm((from) => from.size())
    case 'fixed':
      return bytesForm(() => type.size)
    case 'decimal': {
      const { precision, scale } = type
      const fits = precision <= numericDigitsMax
      return {
        type: fits ? `numeric(${precision},${scale})` : 'numeric',
        write: decimalWrite(type.size, scale),
        json: 'bare',
      }
    }
    case 'uuid':
      return type.size === null
        ? { type: 'uuid', write: writeString, json: jsonString }
        : { type: 'uuid', write: writeUuid, json: 'quoted' }
    case 'date':
      return { type: 'date', write: (from, to) => to.ascii(dayText(from.int())), json: 'quoted' }
    case 'time':
      return {
        type: 'time',
        write: (from, to) => to.ascii(timeText(from.long(), type.per)),
        json: 'quoted',
      }
    case 'timestamp':
      return timestampForm(type)
    case 'duration':
      return { type: 'interval', write: writeDuration, json: 'quoted' }
  }
}

const writeBoolean: Write = (from, to) => {
  const byte = from.byte()
  if (byte > 1) throw new AvroFault(`a boolean is ${byte}`)
  to.ascii(byte === 0 ? 'false' : 'true')
}

function readFloat(from: Cursor): string {
  const value = from.bytes.readFloatLE(from.take(4))
  if (!Number.isFinite(value) || Number.isInteger(value)) return numberText(value)
  // The shortest text that is this number with 32 bits.
  for (let digits = 6; digits < 9; digits++) {
    const text = value.toPrecision(digits)
    if (Math.fround(Number(text)) === value) return String(Number(text))
  }
  return String(Number(value.toPrecision(9)))
}

const readDouble = (from: Cursor): string => numberText(from.bytes.readDoubleLE(from.take(8)))

const numberText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

const jsonFloat: Write = (from, to) => to.ascii(jsonNumber(readFloat(from)))
const jsonDouble: Write = (from, to) => to.ascii(jsonNumber(readDouble(from)))

/** JSON has no word for what is no number. */
const jsonNumber = (text: string): string => (/[NI]/.test(text) ? `"${text}"` : text)

const writeString: Write = (from, to) => {
  const size = from.size()
  const start = from.take(size)
  to.text(from.bytes, start, start + size)
}

const jsonString: Write = (from, to) => {
  const size = from.size()
  const start = from.take(size)
  to.json(from.bytes, start, start + size)
}

function bytesForm(sizeOf: (from: Cursor) => number): ScalarForm {
  const hex: Write = (from, to) => {
    const size = sizeOf(from)
    const start = from.take(size)
    to.byte(BACKSLASH)
    to.byte(BACKSLASH)
    to.byte(X)
    to.hex(from.bytes, start, start + size)
  }
  return {
    type: 'bytea',
    write: hex,
    // The backslash has one of JSON in front, and each of them one of COPY text.
    json(from, to) {
      to.ascii('"\\\\')
      hex(from, to)
      to.ascii('"')
    },
  }
}

/** JSON has all nanoseconds; a timestamp of PostgreSQL would round them, into another day perhaps. */
function timestampForm(type: Scalar & { kind: 'timestamp' }): ScalarForm {
  const form = { type: type.isLocal ? 'timestamp' : 'timestamptz' }
  const inFull: Write = (from, to) => to.ascii(timestampText(from.long(), type))
  if (type.per < 1_000_000_000) return { ...form, write: inFull, json: 'quoted' }
  const cut = { values: 0 }
  const inMicros = { ...type, per: 1_000_000 as const }
  return {
    ...form,
    cut,
    write(from, to) {
      const { micros, isCut } = microsOf(from.long())
      if (isCut) cut.values++
      to.ascii(timestampText(micros, inMicros))
    },
    json: (from, to) => quoted(inFull, from, to),
  }
}

function quoted(write: Write, from: Cursor, to: RowText): void {
  to.byte(34)
  write(from, to)
  to.byte(34)
}

/** As a value of JSON. */
export function jsonWrite({ write, json }: ScalarForm): Write {
  if (json === 'bare') return write
  return json === 'quoted' ? (from, to) => quoted(write, from, to) : json
}

const decimalWrite =
  (size: number | null, scale: number): Write =>
  (from, to) => {
    const length = size ?? from.size()
    const start = from.take(length)
    to.ascii(decimalText(from.bytes, [start, start + length], scale))
  }

const writeUuid: Write = (from, to) => {
  const start = from.take(16)
  const hex = from.bytes.toString('hex', start, start + 16)
  to.ascii(hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'))
}

/** Months, days and milliseconds. */
const writeDuration: Write = (from, to) => {
  const start = from.take(12)
  const [months, days, millis] = [0, 4, 8].map((at) => from.bytes.readUInt32LE(start + at))
  const seconds = ((millis as number) / 1000).toFixed(3)
  to.ascii(`${months} months ${days} days ${seconds} seconds`)
}
