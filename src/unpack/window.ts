/** Small pieces of a file that lie near each other, read by larger ranges. */
import { readAll } from '../io/chunks.ts'
import type { OpenFile } from '../io/openFile.ts'

const windowBytes = 64 * 1024

export class Window {
  readonly #file: Pick<OpenFile, 'read'>
  readonly #fileBytes: number
  #start = 0
  #bytes: Buffer = Buffer.alloc(0)

  constructor(file: Pick<OpenFile, 'read'>, fileBytes: number) {
    this.#file = file
    this.#fileBytes = fileBytes
  }

  /** Fewer bytes where the file ends before. They are valid until the next call. */
  async read(start: number, length: number): Promise<Buffer> {
    const from = start - this.#start
    if (from >= 0 && from + length <= this.#bytes.length) {
      return this.#bytes.subarray(from, from + length)
    }
    const end = Math.min(start + Math.max(length, windowBytes), this.#fileBytes)
    this.#bytes = await readAll(this.#file.read({ start, end }), Math.max(0, end - start))
    this.#start = start
    return this.#bytes.subarray(0, length)
  }
}
