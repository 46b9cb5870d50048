/** Sends a large file, and goes on where it was when the API was away for a while. */
import { createHash, type Hash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, SluiceError, sluiceError } from '../../../errors.ts'
import type { Client } from '../../client.ts'

/** Sending a smaller one again costs little. */
export const largeBytes = 8 * 1024 * 1024

/** So long the API may be away, or take nothing, before the sending is given up. */
const patienceMs = 120_000
const pausesMs = [250, 500, 1000, 2000, 5000]

interface Large {
  name: string
  path: string
  signal: AbortSignal
  /** Told how many bytes of the file are sent. */
  onSent(bytes: number): void
}

/**
 * What an earlier command of the same name has sent is not sent again.
 * @throws api_unavailable at once where nobody answers at first; upload_checksum_differs
 */
export async function sendLarge(client: Client, file: Large): Promise<void> {
  const { name, path, signal } = file
  const summed = new Summed(path, signal)
  let there = await client.uploaded(name)
  for (let since = Date.now(); !there?.isComplete; ) {
    const offset = there?.sizeBytes ?? 0
    try {
      const bytes = summed.from(offset, (sent) => file.onSent(sent))
      there = await client.uploadPart(name, { offset, bytes, signal })
    } catch (error) {
      signal.throwIfAborted()
      if (!isPassing(error)) throw error
      there = await untilBack(client, name, { error, since, signal })
      if ((there?.sizeBytes ?? 0) > offset) since = Date.now()
    }
  }
  const sha256 = await summed.end()
  if (there.sha256 === sha256) return
  await client.removeUpload(name).catch(() => {})
  throw sluiceError('upload_checksum_differs', { name, found: `${there.sha256}`, given: sha256 })
}

const isPassing = (error: unknown): boolean =>
  error instanceof SluiceError &&
  ['api_unavailable', 'upload_cut_short', 'upload_offset_differs'].includes(error.code)

/** Asks until it answers. @throws `error` when that takes too long */
async function untilBack(
  client: Client,
  name: string,
  { error, since, signal }: { error: unknown; since: number; signal: AbortSignal },
): ReturnType<Client['uploaded']> {
  for (let tries = 0; Date.now() - since < patienceMs; tries++) {
    await sleep(pausesMs[Math.min(tries, pausesMs.length - 1)], null, { signal })
    try {
      return await client.uploaded(name)
    } catch (next) {
      signal.throwIfAborted()
      if (!isPassing(next)) throw next
    }
  }
  throw error
}

/** The bytes of a file from anywhere, and what all of them hash to however often some are read. */
class Summed {
  readonly #path: string
  readonly #signal: AbortSignal
  readonly #hash: Hash = createHash('sha256')
  /** Bytes that are in the hash. */
  #hashed = 0

  constructor(path: string, signal: AbortSignal) {
    this.#path = path
    this.#signal = signal
  }

  async *from(offset: number, onRead: (bytes: number) => void): AsyncGenerator<Buffer> {
    if (offset > this.#hashed) for await (const _ of this.#read(this.#hashed, offset));
    let at = offset
    for await (const chunk of this.#read(offset)) {
      at += chunk.length
      onRead(at)
      yield chunk
    }
  }

  async end(): Promise<string> {
    for await (const _ of this.#read(this.#hashed));
    return this.#hash.digest('hex')
  }

  async *#read(start: number, end?: number): AsyncGenerator<Buffer> {
    const opened = await open(this.#path).catch((error) => {
      throw sluiceError('file_unreadable', { file: this.#path, problem: messageOf(error) })
    })
    const range = { start, ...(end !== undefined && { end: end - 1 }), highWaterMark: 256 * 1024 }
    let at = start
    for await (const chunk of opened.createReadStream(range) as AsyncIterable<Buffer>) {
      // An aborted fetch would read the file to its end all the same.
      this.#signal.throwIfAborted()
      const isNew = at + chunk.length > this.#hashed
      if (isNew) this.#hash.update(chunk.subarray(this.#hashed - at))
      at += chunk.length
      if (isNew) this.#hashed = at
      yield chunk
    }
  }
}
