/**
 * zstd: the frames of a file, one after the other.
 *
 * fzstd unpacks blocks. Where frames and blocks begin and end is found out here, so that a file
 * that is cut short is noticed, and no header gets more memory than the limit.
 */
import { Decompress } from 'fzstd'
import { messageOf, SluiceError, sluiceError } from '../errors.ts'
import { Xxh64 } from './xxh64.ts'

/** The limit of the zstd command itself, without `--long` and `--memory`. */
const windowBytesMax = 128 * 1024 * 1024
/** The largest window of all levels without `--ultra` and `--long`. */
const windowBytesUsual = 8 * 1024 * 1024
const blockBytesMax = 128 * 1024
const frameMagic = 0xfd2fb528
const skippableMagic = 0x184d2a5

/** @throws packed_file_damaged, packing_unsupported */
export async function* unzstd(packed: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer> {
  const input = new Input(packed, file)
  try {
    while (await input.has(1)) {
      const magic = (await input.look(4)).readUInt32LE(0)
      if (magic >>> 4 === skippableMagic) {
        const size = (await input.look(8)).readUInt32LE(4)
        await input.skip(8 + size)
      } else if (magic === frameMagic) yield* frame(input, file)
      else throw damaged(file, 'other bytes follow its end')
    }
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError || isOfZstd(error))) throw error
    throw damaged(file, messageOf(error), error)
  } finally {
    await input.close()
  }
}

const isOfZstd = (error: unknown): boolean =>
  !(error instanceof SluiceError) && typeof (error as { code?: unknown }).code === 'number'

const damaged = (file: string, problem: string, cause?: unknown): SluiceError =>
  sluiceError('packed_file_damaged', { file, problem }, { cause })

/** Settles when every frame with a large window that began or waits so far is done. */
let turn: Promise<void> = Promise.resolve()

/** One large window at once in a process: its memory is bounded, however many files it reads. */
async function* frame(input: Input, file: string): AsyncGenerator<Buffer> {
  const header = await readHeader(input, file)
  if (header.windowBytes <= windowBytesUsual) {
    yield* blocks(input, header, file)
    return
  }
  const before = turn
  let end = () => {}
  turn = new Promise((resolve) => {
    end = resolve
  })
  try {
    await before
    yield* blocks(input, header, file)
  } finally {
    void before.then(end)
  }
}

async function* blocks(
  input: Input,
  { header, hasChecksum, contentBytes }: Header,
  file: string,
): AsyncGenerator<Buffer> {
  let bytes = 0
  const sum = hasChecksum ? new Xxh64() : null
  let out: Buffer[] = []
  const unpack = new Decompress((data) => {
    if (data.length > 0) out.push(Buffer.from(data.buffer, data.byteOffset, data.length))
  })
  unpack.push(header)
  for (let isLast = false; !isLast; ) {
    const [b0 = 0, b1 = 0, b2 = 0] = await input.look(3)
    const size = (b0 >> 3) | (b1 << 5) | (b2 << 13)
    const type = (b0 >> 1) & 3
    isLast = (b0 & 1) === 1
    if (type === 3 || size > blockBytesMax) throw damaged(file, 'a block that cannot be')
    // A block of one byte that is repeated.
    const length = 3 + (type === 1 ? 1 : size)
    // A copy: fzstd keeps what it cannot work on yet.
    unpack.push(Uint8Array.from(await input.look(length)), isLast)
    await input.skip(length)
    for (const data of out) {
      sum?.update(data)
      bytes += data.length
      yield data
    }
    out = []
  }
  if (contentBytes !== null && bytes !== contentBytes) {
    throw damaged(file, `it had ${contentBytes} bytes and has ${bytes}`)
  }
  if (!sum) return
  const told = (await input.look(4)).readUInt32LE(0)
  if (told !== sum.low()) throw damaged(file, 'its checksum is another one')
  await input.skip(4)
}

interface Header {
  header: Uint8Array
  hasChecksum: boolean
  windowBytes: number
  /** null when it does not say. */
  contentBytes: number | null
}

/** Reads a frame header: RFC 8878, section 3.1.1.1. */
async function readHeader(input: Input, file: string): Promise<Header> {
  const flags = (await input.look(5))[4] as number
  const isSingle = (flags & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][flags & 3] as number
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6] as number
  const sizeAt = 5 + (isSingle ? 0 : 1) + dictionaryBytes
  const length = sizeAt + sizeBytes
  const bytes = await input.look(length)
  if (dictionaryBytes > 0) {
    const problem = 'it needs a zstd dictionary'
    throw sluiceError('packing_unsupported', { file, problem })
  }
  const contentBytes = sizeBytes > 0 ? contentSize(bytes.subarray(sizeAt)) : null
  const windowBytes = isSingle ? (contentBytes ?? 0) : windowOf(bytes[5] as number)
  if (windowBytes > windowBytesMax) {
    const problem = `its zstd window is ${windowBytes} bytes, over ${windowBytesMax}`
    throw sluiceError('packing_unsupported', { file, problem })
  }
  const header = Uint8Array.from(bytes)
  // The checksum is looked at here.
  header[4] = flags & ~4
  await input.skip(length)
  return { header, hasChecksum: (flags & 4) !== 0, windowBytes, contentBytes }
}

function contentSize(bytes: Buffer): number {
  if (bytes.length === 8) return Number(bytes.readBigUInt64LE(0))
  return bytes.readUIntLE(0, bytes.length) + (bytes.length === 2 ? 256 : 0)
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3))
  return base + (base / 8) * (descriptor & 7)
}

/** Packed bytes, as many at once as are asked for. */
class Input {
  readonly #source: AsyncIterator<Buffer>
  readonly #file: string
  #held: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>, file: string) {
    this.#source = source[Symbol.asyncIterator]()
    this.#file = file
  }

  async has(bytes: number): Promise<boolean> {
    while (this.#held.length < bytes) {
      const rest = Buffer.from(this.#held)
      const next = await this.#source.next()
      if (next.done) return false
      this.#held = rest.length > 0 ? Buffer.concat([rest, next.value]) : next.value
    }
    return true
  }

  /** The next bytes, which are not taken. @throws packed_file_damaged when there are less */
  async look(bytes: number): Promise<Buffer> {
    if (await this.has(bytes)) return this.#held.subarray(0, bytes)
    throw damaged(this.#file, 'it is cut short')
  }

  async skip(bytes: number): Promise<void> {
    let left = bytes
    while (left > this.#held.length) {
      left -= this.#held.length
      this.#held = this.#held.subarray(this.#held.length)
      await this.look(1)
    }
    this.#held = this.#held.subarray(left)
  }

  async close(): Promise<void> {
    await this.#source.return?.()
  }
}
