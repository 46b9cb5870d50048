/** The files of one ingest as they are listed: their numbers and lots, and what they come to. */
import { lotBytes } from '../../src/domain/plan.ts'
import type { ListedFile } from '../../src/domain/words.ts'
import type { NumberedFile } from '../../src/postgres/ledger/files.ts'
import { Fingerprint } from '../../src/postgres/ledger/repeated.ts'
import type { Source } from '../../src/sources/source.ts'

/** A lot is staged by one activity. */
export const lotFilesMax = 500
/** How many of the first files are tried to find a first table: some may be no tables. */
const candidatesMax = 16

export class ListedFiles {
  /** The first files that are not empty, one of which may be a table. */
  readonly candidates: ListedFile[] = []
  readonly #source: Pick<Source, 'sha256'>
  readonly #lotBytesMax: number
  readonly #fingerprint = new Fingerprint()
  #files = 0
  #sizeBytes = 0
  #lotNo = 0
  #lot = { files: 0, bytes: 0 }

  constructor(source: Pick<Source, 'sha256'>, lotBytesMax = lotBytes) {
    this.#source = source
    this.#lotBytesMax = lotBytesMax
  }

  /** Takes the next files, in their order. */
  async add(files: readonly ListedFile[]): Promise<NumberedFile[]> {
    const numbered = files.map((file) => this.#number(file))
    for (const file of numbered) {
      this.#fingerprint.add(file, (await this.#source.sha256?.(file)) ?? null)
    }
    return numbered
  }

  #number(file: ListedFile): NumberedFile {
    const { sizeBytes } = file
    const isFull = this.#lot.files >= lotFilesMax || this.#lot.bytes + sizeBytes > this.#lotBytesMax
    if (this.#lot.files > 0 && isFull) {
      this.#lotNo++
      this.#lot = { files: 0, bytes: 0 }
    }
    this.#lot = { files: this.#lot.files + 1, bytes: this.#lot.bytes + sizeBytes }
    this.#sizeBytes += sizeBytes
    if (sizeBytes > 0 && this.candidates.length < candidatesMax) this.candidates.push(file)
    return { ...file, fileNo: this.#files++, lotNo: this.#lotNo }
  }

  get sums() {
    const lots = this.#files > 0 ? this.#lotNo + 1 : 0
    const fingerprint = `${this.#fingerprint}`
    return { files: this.#files, lots, sizeBytes: this.#sizeBytes, fingerprint }
  }
}
