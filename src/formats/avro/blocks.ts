/** The blocks of an object container file: "Object Container Files" of Avro 1.12. */
import { type FileHandle, open } from 'node:fs/promises'
import { codecs, type Unpack } from './codecs.ts'
import { AvroFault, Cursor } from './cursor.ts'
import { schemaOf, type Type } from './schema.ts'

/** What comes out of a block, and what goes in, is held in memory. Blocks of 16 KiB to 16 MiB are usual. */
const blockBytesMax = 64 * 1024 * 1024
const syncBytes = 16
const metadataBytesMax = 16 * 1024 * 1024
/** A count, and a size. */
const blockHeadBytes = 20
export const magic = 'Obj\x01'

export interface Block {
  /** Counted from 1. */
  no: number
  count: number
  bytes: Buffer
}

/** The codec of the file is none of those that are read. */
export class CodecUnknown extends Error {
  readonly codec: string

  constructor(codec: string) {
    super(codec)
    this.codec = codec
  }
}

export class AvroFile {
  readonly schema: Type
  readonly #input: Input
  readonly #sync: Buffer
  readonly #unpack: Unpack
  readonly #start: number

  private constructor(input: Input, { metadata, sync }: { metadata: Metadata; sync: Buffer }) {
    const codec = metadata.get('avro.codec')?.toString() ?? 'null'
    const schema = metadata.get('avro.schema')
    if (!schema) throw new AvroFault('it has no schema')
    const unpack = Object.hasOwn(codecs, codec) ? codecs[codec] : undefined
    if (!unpack) throw new CodecUnknown(codec)
    this.schema = schemaOf(schema)
    this.#unpack = unpack
    this.#input = input
    this.#sync = sync
    this.#start = input.at
  }

  /** @throws AvroFault, CodecUnknown */
  static async open(path: string): Promise<AvroFile> {
    const handle = await open(path)
    try {
      const input = new Input(handle, (await handle.stat()).size)
      return new AvroFile(input, await headOf(input))
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  get sizeBytes(): number {
    return this.#input.sizeBytes
  }

  close(): Promise<void> {
    return this.#input.close()
  }

  /** From the first one; their bytes are good until the next one is asked for. @throws AvroFault */
  async *blocks(): AsyncGenerator<Block> {
    const input = this.#input
    input.at = this.#start
    for (let no = 1; input.at < input.sizeBytes; no++) {
      yield await this.#block(no).catch((error) => {
        throw error instanceof AvroFault ? error.at(`block ${no}`) : error
      })
    }
  }

  async #block(no: number): Promise<Block> {
    const input = this.#input
    const head = new Cursor()
    head.open(await input.upTo(blockHeadBytes))
    const count = head.size()
    const size = head.size()
    input.at += head.at
    if (size > blockBytesMax) {
      throw new AvroFault(`it has ${size} bytes, and at most ${blockBytesMax} are read`)
    }
    const packed = await input.exactly(size + syncBytes)
    if (!packed.subarray(size).equals(this.#sync)) {
      throw new AvroFault('the marker behind it is another one')
    }
    const bytes = await this.#unpack(packed.subarray(0, size), blockBytesMax)
    return { no, count, bytes }
  }
}

type Metadata = ReadonlyMap<string, Buffer>

/** @throws AvroFault */
async function headOf(input: Input): Promise<{ metadata: Metadata; sync: Buffer }> {
  if ((await input.upTo(magic.length)).toString('latin1') !== magic) {
    throw new AvroFault('it does not begin as a container of Avro')
  }
  const cursor = new Cursor()
  // How long it is, only its end says.
  for (let size = 64 * 1024; ; size *= 4) {
    const bytes = await input.upTo(Math.min(size, metadataBytesMax))
    const isAll = bytes.length < size
    cursor.open(bytes)
    cursor.take(magic.length)
    try {
      const metadata = metadataIn(cursor)
      const start = cursor.take(syncBytes)
      const sync = Buffer.from(bytes.subarray(start, start + syncBytes))
      input.at += cursor.at
      return { metadata, sync }
    } catch (error) {
      if (isAll) throw error
    }
  }
}

function metadataIn(cursor: Cursor): Metadata {
  const metadata = new Map<string, Buffer>()
  for (;;) {
    const count = cursor.long()
    if (count === 0) return metadata
    if (count < 0) cursor.size()
    for (let left = Math.abs(Number(count)); left > 0; left--) {
      const key = stringIn(cursor).toString()
      metadata.set(key, Buffer.from(stringIn(cursor)))
    }
  }
}

function stringIn(cursor: Cursor): Buffer {
  const size = cursor.size()
  const start = cursor.take(size)
  return cursor.bytes.subarray(start, start + size)
}

const windowBytes = 256 * 1024

/** Reads ahead, so that small blocks do not cost a call each. */
class Input {
  readonly sizeBytes: number
  at = 0
  readonly #handle: FileHandle
  #window: Buffer = Buffer.alloc(0)
  #windowAt = 0

  constructor(handle: FileHandle, sizeBytes: number) {
    this.#handle = handle
    this.sizeBytes = sizeBytes
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  /** The next bytes, which are not passed; fewer at the end of the file. */
  async upTo(size: number): Promise<Buffer> {
    const wanted = Math.min(size, this.sizeBytes - this.at)
    const from = this.at - this.#windowAt
    if (from < 0 || from + wanted > this.#window.length) {
      this.#window = await this.#read(Math.max(wanted, windowBytes))
      this.#windowAt = this.at
      return this.#window.subarray(0, wanted)
    }
    return this.#window.subarray(from, from + wanted)
  }

  /** The next bytes, which are passed. @throws AvroFault when there are fewer */
  async exactly(size: number): Promise<Buffer> {
    if (size > this.sizeBytes - this.at) throw new AvroFault('the file ends within it')
    const bytes = await this.upTo(size)
    if (bytes.length < size) throw new AvroFault('the file ends within it')
    this.at += size
    return bytes
  }

  async #read(size: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(Math.min(size, this.sizeBytes - this.at))
    let filled = 0
    while (filled < bytes.length) {
      const { bytesRead } = await this.#handle.read(
        bytes,
        filled,
        bytes.length - filled,
        this.at + filled,
      )
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return bytes.subarray(0, filled)
  }
}
