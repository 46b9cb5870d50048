/** Who writes a part of an upload at this moment: a request that comes later for the same upload ends it. */
import { sluiceError } from '../errors.ts'

interface Writer {
  stop: AbortController
  /** Resolves when what it has received is kept. */
  done: Promise<unknown>
}

export class UploadWriters {
  readonly #writers = new Map<string, Writer>()

  /** Ends whoever writes to an upload: its client has lost the connection. */
  async end(name: string): Promise<void> {
    const writer = this.#writers.get(name)
    writer?.stop.abort(sluiceError('upload_cut_short', { name }))
    await writer?.done
  }

  /** Runs what writes to an upload, in place of whoever does so now. */
  async replace<T>(name: string, write: (signal: AbortSignal) => Promise<T>): Promise<T> {
    await this.end(name)
    const stop = new AbortController()
    const writing = write(stop.signal)
    const writer = { stop, done: writing.catch(() => {}) }
    this.#writers.set(name, writer)
    try {
      return await writing
    } finally {
      if (this.#writers.get(name) === writer) this.#writers.delete(name)
    }
  }
}

/** Also while nothing comes: a connection that is dead may stay open for long. */
export async function* untilAborted(
  bytes: AsyncIterable<Buffer>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const iterator = bytes[Symbol.asyncIterator]()
  let giveUp = () => {}
  signal.addEventListener('abort', () => giveUp())
  const next = () =>
    new Promise<IteratorResult<Buffer>>((resolve, reject) => {
      giveUp = () => reject(signal.reason)
      if (signal.aborted) giveUp()
      else iterator.next().then(resolve, reject)
    })
  for (let result = await next(); !result.done; result = await next()) yield result.value
}
