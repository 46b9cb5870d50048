/** Writes bytes as parts while they come. */
import type { Bucket } from './bucket.ts'
import { partKey, type StoredPart } from './parts.ts'

const partBytes = 8 * 1024 * 1024
/** What all files hold that are written at once; with more, parts are sent before they are full. */
const heldBytesMax = 64 * 1024 * 1024
const leastBytes = 1024 * 1024
const sentAtOnce = 4

/** What all writers of a process hold, and how many parts they send at once. */
export class Sending {
  heldBytes = 0
  #free = sentAtOnce
  readonly #waiting: (() => void)[] = []

  get isTight(): boolean {
    return this.heldBytes > heldBytesMax
  }

  async begin(): Promise<void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  end(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }
}

interface Writing {
  bucket: Bucket
  sending: Sending
  /** What the keys of the parts begin with. */
  base: string
  /** Where in the file the first part begins. */
  offset?: number
  /** What the file is called in messages. */
  file: string
}

export class PartWriter {
  readonly #writing: Writing
  readonly #sent: Promise<StoredPart>[] = []
  #held: Buffer[] = []
  #heldBytes = 0
  #offset: number
  #failure: unknown = null
  readonly #keys: string[] = []

  constructor(writing: Writing) {
    this.#writing = writing
    this.#offset = writing.offset ?? 0
  }

  /** How many bytes it was given. */
  get bytes(): number {
    return this.#offset + this.#heldBytes - (this.#writing.offset ?? 0)
  }

  /** Takes a copy of the bytes. It waits while enough parts are on their way. @throws what sending one threw */
  async add(chunk: Buffer): Promise<void> {
    const { sending } = this.#writing
    for (let at = 0; at < chunk.length; ) {
      const copy = Buffer.from(chunk.subarray(at, at + partBytes - this.#heldBytes))
      at += copy.length
      this.#held.push(copy)
      this.#heldBytes += copy.length
      sending.heldBytes += copy.length
      const isFull = this.#heldBytes >= partBytes
      if (isFull || (sending.isTight && this.#heldBytes >= leastBytes)) await this.#send()
    }
    if (this.#failure !== null) throw this.#failure
  }

  /** Sends the rest. @returns all parts, at least one @throws what sending one threw */
  async end(): Promise<StoredPart[]> {
    if (this.#heldBytes > 0 || this.#sent.length === 0) await this.#send()
    return Promise.all(this.#sent)
  }

  /** Removes what was written, as far as that is possible now: the sweep and the janitor see the rest. */
  async abandon(): Promise<void> {
    const { sending, bucket } = this.#writing
    sending.heldBytes -= this.#heldBytes
    this.#heldBytes = 0
    this.#held = []
    // One that is on its way would come behind its removal.
    await Promise.allSettled(this.#sent)
    await Promise.allSettled(this.#keys.map((key) => bucket.remove(key)))
  }

  async #send(): Promise<void> {
    const { bucket, sending, base, file } = this.#writing
    const bytes = Buffer.concat(this.#held)
    const key = partKey(base, this.#offset, bytes.length)
    this.#held = []
    this.#heldBytes = 0
    this.#offset += bytes.length
    this.#keys.push(key)
    await sending.begin()
    const put = async () => {
      try {
        return { sizeBytes: bytes.length, etag: await bucket.put(key, bytes, file) }
      } catch (error) {
        this.#failure ??= error
        throw error
      } finally {
        sending.heldBytes -= bytes.length
        sending.end()
      }
    }
    const sent = put()
    // It is thrown when its result is awaited: not as an unhandled rejection.
    sent.catch(() => {})
    this.#sent.push(sent)
  }
}
