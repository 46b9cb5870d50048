/** The bytes of a unit, from the stage. */

import { partAt } from '../domain/fileParts.ts'
import type { Flaw, Split, Unit } from '../domain/words.ts'
import { readAll } from '../io/chunks.ts'
import { mapOrdered } from '../io/mapOrdered.ts'
import type { Stage, StagedState } from './stage.ts'

type Files = ReadonlyMap<number, StagedState>

/** Splits up to this size are read a few at once, and go on together. */
const smallBytes = 64 * 1024
const readsAtOnce = 8
/** The longest line end, `\r\n`, in bytes. */
const newlineBytes = 2

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

  /**
   * All splits one after the other; a last line without its end gets one. A chunk is valid until
   * the next one is asked for.
   */
  async *stream(): AsyncGenerator<Buffer> {
    // Small splits that have been read and not handed on.
    let held: Buffer[] = []
    let heldBytes = 0
    const flush = () => {
      const together = held.length > 0 ? [Buffer.concat(held)] : []
      held = []
      heldBytes = 0
      return together
    }
    const read = async (split: Split) => ({ split, slice: await this.#small(split) })
    for await (const { split, slice } of mapOrdered(this.unit.splits, readsAtOnce, read)) {
      if (!slice || heldBytes + slice.length > smallBytes) yield* flush()
      if (slice) {
        held.push(slice)
        heldBytes += slice.length
      } else yield* this.#lines(split)
    }
    yield* flush()
  }

  /** The lines of a small split; null for a large one. */
  async #small(split: Split): Promise<Buffer | null> {
    if (split.end - split.start > smallBytes) return null
    return readAll(this.#lines(split), split.end - split.start + newlineBytes)
  }

  async *#lines(split: Split): AsyncGenerator<Buffer> {
    const newline = Buffer.from(this.unit.reading.newline)
    let lastByte: number | undefined
    for await (const chunk of this.#read(split)) {
      lastByte = chunk.at(-1)
      yield chunk
    }
    if (lastByte !== newline.at(-1)) yield newline
  }

  /** A whole split. It is bounded: a unit's size and the longest record. */
  async slice(split: Split): Promise<Buffer> {
    return readAll(this.#read(split), split.end - split.start)
  }

  /** What a flaw covers, at most `bytesMax` of it. */
  async flaw(flaw: Flaw & { fileNo: number }, bytesMax: number): Promise<Buffer> {
    const end = Math.min(flaw.end, flaw.start + bytesMax)
    return this.slice({ ...flaw, end, lines: flaw.line - 1, records: 0, broken: 0 })
  }

  #read({ fileNo, start, end }: Pick<Split, 'fileNo' | 'start' | 'end'>): AsyncIterable<Buffer> {
    const { parts, ...file } = this.#fileOf(fileNo)
    const whole = { ingestId: this.#ingestId, fileNo, ...file }
    if (!parts) return this.#stage.read(whole, { start, end })
    const { start: from, stagedAs, sizeBytes, version: stagedVersion } = partAt(parts, start)
    const part = { ...whole, stagedAs, sizeBytes, stagedVersion }
    return this.#stage.read(part, { start: start - from, end: end - from })
  }

  #fileOf(fileNo: number): StagedState {
    const file = this.#files.get(fileNo)
    if (!file) throw new Error(`file ${fileNo} is not in the ledger`)
    return file
  }
}
