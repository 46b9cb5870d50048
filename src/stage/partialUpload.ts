/** An upload that comes in parts: what has arrived lies beside the uploads until the last part is in. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { sluiceError } from '../errors.ts'
import { UploadWriters, untilAborted } from './uploadWriters.ts'
import { stageError } from './write.ts'

/** One part of an upload. */
export interface Part {
  /** Where it goes on; 0 begins anew. */
  offset: number
  bytes: AsyncIterable<Buffer>
}

export class PartialUploads {
  readonly #pathOf: (name: string) => string
  readonly #writers = new UploadWriters()

  /** @param pathOf where the parts of an upload are put together */
  constructor(pathOf: (name: string) => string) {
    this.#pathOf = pathOf
  }

  /** How many bytes have arrived; null when there is no such upload under way. */
  async offset(name: string): Promise<number | null> {
    await this.#writers.end(name)
    return this.#size(name)
  }

  /**
   * Writes one part. What has arrived stays when it is cut short, and a part that comes for the same
   * upload later ends it: its client has lost the connection.
   * @returns how many bytes there are now
   * @throws upload_not_found, upload_offset_differs, stage_full
   */
  async add(name: string, { offset, bytes }: Part): Promise<number> {
    return this.#writers.replace(name, (signal) => this.#write(name, { offset, bytes }, signal))
  }

  /** What all bytes hash to, in hex. */
  async sha256(name: string): Promise<string> {
    const hash = createHash('sha256')
    const bytes = createReadStream(this.#pathOf(name), { highWaterMark: 1 << 20 })
    for await (const chunk of bytes as AsyncIterable<Buffer>) hash.update(chunk)
    return hash.digest('hex')
  }

  async remove(name: string): Promise<boolean> {
    await this.#writers.end(name)
    const isThere = (await this.#size(name)) !== null
    await rm(this.#pathOf(name), { force: true })
    return isThere
  }

  async #size(name: string): Promise<number | null> {
    return (await stat(this.#pathOf(name)).catch(() => null))?.size ?? null
  }

  async #write(name: string, { offset, bytes }: Part, signal: AbortSignal): Promise<number> {
    const path = this.#pathOf(name)
    if (offset === 0) await mkdir(dirname(path), { recursive: true })
    const handle = await open(path, offset === 0 ? 'w' : 'r+').catch((error) => {
      if (error.code !== 'ENOENT') throw stageError(error, name)
      throw sluiceError('upload_not_found', { name })
    })
    try {
      const { size } = await handle.stat()
      if (size !== offset) throw sluiceError('upload_offset_differs', { name, offset, size })
      let end = offset
      for await (const chunk of untilAborted(bytes, signal)) {
        // By its place: another process that still writes an earlier request writes the same bytes.
        for (let done = 0; done < chunk.length; ) {
          const rest = chunk.length - done
          done += (await handle.write(chunk, done, rest, end + done)).bytesWritten
        }
        end += chunk.length
      }
      return end
    } catch (error) {
      throw stageError(error, name)
    } finally {
      await handle.sync().catch(() => {})
      await handle.close()
    }
  }
}
