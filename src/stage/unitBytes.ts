/** The bytes of a unit, from the stage. */
import type { Flaw, Split, Unit } from '../domain/words.ts'
import type { Stage, StagedState } from './stage.ts'

type Files = ReadonlyMap<number, StagedState>

export class UnitBytes {
  readonly unit: Unit
  readonly #stage: Stage
  readonly #ingestId: string
  readonly #files: Files

  constructor(stage: Stage, ingestId: string, unit: Unit, files: Files) {
    this.unit = unit
    this.#stage = stage
    this.#ingestId = ingestId
    this.#files = files
  }

  nameOf(fileNo: number): string {
    return this.#fileOf(fileNo).name
  }

  /** All splits one after the other; a last line without its end gets one. */
  async *stream(): AsyncGenerator<Buffer> {
    const newline = Buffer.from(this.unit.dialect.newline)
    const last = newline.at(-1)
    for (const split of this.unit.splits) {
      let lastByte: number | undefined
      for await (const chunk of this.#read(split)) {
        lastByte = chunk.at(-1)
        yield chunk
      }
      if (lastByte !== last) yield newline
    }
  }

  /** A whole split. It is bounded: a unit's size and the longest record. */
  async slice(split: Split): Promise<Buffer> {
    const chunks: Buffer[] = []
    for await (const chunk of this.#read(split)) chunks.push(chunk)
    return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
  }

  /** What a flaw covers, at most `bytesMax` of it. */
  async flaw(flaw: Flaw & { fileNo: number }, bytesMax: number): Promise<Buffer> {
    const end = Math.min(flaw.end, flaw.start + bytesMax)
    return this.slice({ ...flaw, end, lines: flaw.line - 1, records: 0, broken: 0 })
  }

  #read(split: Split): AsyncIterable<Buffer> {
    const file = { ingestId: this.#ingestId, fileNo: split.fileNo, ...this.#fileOf(split.fileNo) }
    return this.#stage.read(file, split)
  }

  #fileOf(fileNo: number): StagedState {
    const file = this.#files.get(fileNo)
    if (!file) throw new Error(`file ${fileNo} is not in the ledger`)
    return file
  }
}
