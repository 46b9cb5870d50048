/** The objects of a stage: what lies in its bucket below its prefix, by keys that are relative to it. */
import { sluiceError } from '../../errors.ts'
import { Unavailable } from '../../http/fault.ts'
import { patiently } from '../../http/patience.ts'
import { readFile } from '../../http/readFile.ts'
import type { Ask, Transport } from '../../http/transport.ts'
import { readAll } from '../../io/chunks.ts'
import { mapOrdered } from '../../io/mapOrdered.ts'
import { parseAddress, showAddress } from '../../s3/address.ts'
import { createClient, type S3Client, type Store } from '../../s3/client.ts'
import { type Entry, type Listed, type Listing, listObjects } from '../../s3/list.ts'
import { refusalOf, toStageError } from './fault.ts'

export interface Bucket {
  /**
   * Writes an object.
   * @param file what it is for, as people may see it
   * @returns its ETag, with its quotes
   * @throws stage_full, stage_refused, stage_unavailable
   */
  put(key: string, bytes: Buffer, file: string): Promise<string>
  /** A small object; null when there is none. @throws stage_refused, stage_unavailable */
  get(key: string, file: string): Promise<{ bytes: Buffer; etag: string | null } | null>
  /** Asks for an object, for those who read ranges of it. Its errors are not those of the stage yet. */
  ask(key: string, file: string): Ask
  /** Makes errors of the stage of what asking ended with. */
  told(error: unknown, file: string): unknown
  /** All objects whose keys begin so. @throws stage_refused, stage_unavailable */
  list(prefix: string): AsyncGenerator<Listed>
  /** What lies directly below a folder: the names of folders. */
  folders(prefix: string): AsyncGenerator<string>
  /** It need not be there. @throws stage_refused, stage_unavailable */
  remove(key: string): Promise<void>
  /** Removes all whose keys begin so. @returns how many there were */
  clear(prefix: string): Promise<number>
}

/** Requests that remove something. */
const removedAtOnce = 16
/** A list of the parts of a file of 1 TB has a tenth of it. */
const smallBytesMax = 64 * 1024 * 1024

/** @param address `s3://bucket/prefix` */
export function openBucket(address: string, store: Store, transport: Transport): Bucket {
  const { bucket, key } = parseAddress(address)
  const stage = showAddress({ bucket, key })
  const client = createClient({ ...store, isTrusted: true }, transport, refusalOf(stage))
  const root = key === '' || key.endsWith('/') ? key : `${key}/`
  return new PrefixedBucket(client, { bucket, root, stage })
}

/** For requests that end at their time limit, and not before. */
const never = () => new AbortController().signal

interface At {
  bucket: string
  /** What all keys begin with. */
  root: string
  /** The address, as people may see it. */
  stage: string
}

class PrefixedBucket implements Bucket {
  readonly #client: S3Client
  readonly #at: At

  constructor(client: S3Client, at: At) {
    this.#client = client
    this.#at = at
  }

  async put(key: string, body: Buffer, file: string): Promise<string> {
    const etag = await this.#request(file, async (signal) => {
      const answer = await this.#client.ask({
        ...this.#object(key, file),
        method: 'PUT',
        headers: { 'content-type': 'application/octet-stream' },
        body,
        signal,
      })
      await readAll(answer.body, 0)
      if (answer.status >= 300) throw new Unavailable(file, `it answers ${answer.status}`)
      return answer.header('etag')
    })
    if (etag !== null) return etag
    const { stage } = this.#at
    const problem = 'it tells no ETag of what was written'
    const next = 'have the store tell it, for a change could not be seen without'
    throw sluiceError('stage_refused', { stage, file, problem, next })
  }

  async get(key: string, file: string) {
    let etag: string | null = null
    let isThere = true
    const ask: Ask = async (headers, signal) => {
      const answer = await this.ask(key, file)(headers, signal)
      isThere = answer.status !== 404
      etag = answer.header('etag')
      return answer
    }
    try {
      const pinned = { name: file, pin: { sizeBytes: null } }
      const chunks: Buffer[] = []
      let sizeBytes = 0
      for await (const chunk of readFile(ask, pinned, { signal: never() })) {
        sizeBytes += chunk.length
        if (sizeBytes > smallBytesMax) throw new Unavailable(file, 'its list of parts has no end')
        chunks.push(Buffer.from(chunk))
      }
      return { bytes: Buffer.concat(chunks), etag }
    } catch (error) {
      if (!isThere) return null
      throw this.told(error, file)
    }
  }

  ask(key: string, file: string): Ask {
    return (headers, signal) => this.#client.ask({ ...this.#object(key, file), headers, signal })
  }

  told(error: unknown, file: string): unknown {
    return toStageError(error, { stage: this.#at.stage, file })
  }

  async *list(prefix: string): AsyncGenerator<Listed> {
    for await (const entry of this.#entries(prefix, false)) {
      if ('key' in entry) yield { ...entry, key: entry.key.slice(this.#at.root.length) }
    }
  }

  async *folders(prefix: string): AsyncGenerator<string> {
    const from = this.#at.root.length + prefix.length
    for await (const entry of this.#entries(prefix, true)) {
      if ('folder' in entry) yield entry.folder.slice(from, -1)
    }
  }

  async remove(key: string): Promise<void> {
    const file = 'what is to be removed'
    await this.#request(file, async (signal) => {
      const request = { ...this.#object(key, file), method: 'DELETE' as const, signal }
      await readAll((await this.#client.ask(request)).body, 0)
    })
  }

  async clear(prefix: string): Promise<number> {
    let removed = 0
    const remove = ({ key }: Listed) => this.remove(key)
    for await (const _ of mapOrdered(this.list(prefix), removedAtOnce, remove)) removed++
    return removed
  }

  async *#entries(prefix: string, byFolders: boolean): AsyncGenerator<Entry> {
    const { bucket, root, stage } = this.#at
    const name = 'its list'
    const listing: Listing = { bucket, prefix: root + prefix, byFolders, name }
    try {
      yield* listObjects(this.#client, listing, never())
    } catch (error) {
      throw toStageError(error, { stage, file: name })
    }
  }

  #object(key: string, name: string) {
    const { bucket, root } = this.#at
    return { bucket, key: root + key, name }
  }

  async #request<T>(file: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = never()
    try {
      return await patiently(signal, () => work(signal))
    } catch (error) {
      throw this.told(error, file)
    }
  }
}
