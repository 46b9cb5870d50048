/** Writes Avro: values in its binary encoding, and containers of blocks. */
import { deflateRawSync } from 'node:zlib'

/** A long, or an int: zigzag, seven bits a byte. */
export function long(value: number | bigint): Buffer {
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  const bytes: number[] = []
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Buffer.from(bytes)
}

export const bytes = (value: Buffer): Buffer => Buffer.concat([long(value.length), value])

export const string = (value: string): Buffer => bytes(Buffer.from(value))

/** A value of the union of null and another type. */
export const optional = (value: Buffer | null): Buffer =>
  value === null ? long(0) : Buffer.concat([long(1), value])

export const sync = Buffer.from('0123456789abcdef')

interface Container {
  schema: unknown
  codec?: string
  /** The rows of each block. */
  blocks: readonly (readonly Buffer[])[]
}

const packedBy: Record<string, (block: Buffer) => Buffer> = {
  null: (block) => block,
  deflate: (block) => deflateRawSync(block),
}

/** An object container file. */
export function container({ schema, codec = 'null', blocks }: Container): Buffer {
  const head = headOf(schema, codec)
  const pack = packedBy[codec] ?? ((block: Buffer) => block)
  return Buffer.concat([
    head,
    ...blocks.map((rows) => block(rows.length, pack(Buffer.concat(rows)))),
  ])
}

export function headOf(schema: unknown, codec: string): Buffer {
  const text = typeof schema === 'string' ? schema : JSON.stringify(schema)
  const metadata = [string('avro.codec'), string(codec), string('avro.schema'), string(text)]
  return Buffer.concat([Buffer.from('Obj\x01'), long(2), ...metadata, long(0), sync])
}

export const block = (count: number | bigint, packed: Buffer): Buffer =>
  Buffer.concat([long(count), bytes(packed), sync])

/** The schema of a record. */
export const recordOf = (fields: Record<string, unknown>): object => ({
  type: 'record',
  name: 'Row',
  fields: Object.entries(fields).map(([name, type]) => ({ name, type })),
})
