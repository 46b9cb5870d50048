/** Bytes for the tests of stages. */
import { createHash } from 'node:crypto'

export async function* bytes(...parts: (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part)
}

export async function* failing(...parts: (string | Buffer)[]): AsyncGenerator<Buffer> {
  yield* bytes(...parts)
  throw new Error('cut short')
}

/** Chunks of one buffer, each valid until the next one is asked for. */
export async function* reused(content: Buffer, size: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.alloc(size)
  for (let at = 0; at < content.length; at += size) {
    yield buffer.subarray(0, content.copy(buffer, 0, at, at + size))
  }
}

export const sha256 = (content: Buffer | string): string =>
  createHash('sha256').update(content).digest('hex')

export async function all(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const kept: Buffer[] = []
  for await (const chunk of chunks) kept.push(Buffer.from(chunk))
  return Buffer.concat(kept)
}

/** More than two parts of a file in a store, and no round number. */
export const long = Buffer.from(
  Array.from({ length: 17_000_001 }, (_, n) => (n * 31 + (n >> 8)) % 251),
)
