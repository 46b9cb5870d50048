/**
 * Counts the kinds of values that one field has. What has come already is remembered, so that more of
 * the same is counted by the loops.
 */
import { type KindOrWord, kinds, type Tally } from '../../domain/types.ts'
import { type Counted, patternOf } from '../columnTally.ts'
import { loop, memory, places } from './loop.ts'

/** Where simd/runs.ts counts a kind. */
const indexOf: ReadonlyMap<KindOrWord, number> = new Map(kinds.map((kind, index) => [kind, index]))
/** After so many values of another pattern that one is looked for. */
const missesMax = 16
const knownMax = 16
/** Texts leave room for words that are NULL. */
const knownTextsMax = 8
const knownBytes = 32
const knownValueBytes = 16
/** How much of a first value is kept: enough to recognise it. */
const valueChars = 40

export class ColumnScan {
  /** Nothing more is asked of it. */
  isLeft = false
  readonly #tallies = new Map<KindOrWord, Counted>()
  /** Kinds of short values that have come, and the values as the loop wants them: see simd/layout.ts. */
  readonly #known: KindOrWord[] = []
  readonly #table = Buffer.alloc(knownMax * knownBytes)
  #pattern = 0
  #misses = 0
  /** A bit for each kind that has come. */
  #seen = 0

  /**
   * A value whose kind was found with care.
   * @param lineOf tells its line, if it is the first one
   */
  add(kind: KindOrWord, value: string, lineOf: () => number): void {
    const tally = this.#tallies.get(kind)
    if (tally) tally.count++
    else if (kind !== 'null') {
      const first = { line: lineOf(), value: value.slice(0, valueChars) }
      this.#tallies.set(kind, { count: 1, ...first })
      if (!kind.startsWith('=')) this.#seen |= 1 << (indexOf.get(kind) ?? 0)
    }
  }

  /** Tells the loop what to look for. */
  expect(): void {
    if (this.#known.length > 0) memory.bytes.set(this.#table, places.known)
    loop.expect(this.#pattern, this.#seen, this.#known.length)
  }

  /** The loop has stopped at a value of this kind: it is to know such ones from now on. */
  learn(kind: KindOrWord, bytes: Buffer): void {
    const pattern = patternOf(kind)
    if (
      pattern > 0 &&
      pattern !== this.#pattern &&
      (this.#pattern === 0 || ++this.#misses > missesMax)
    ) {
      this.#pattern = pattern
      this.#misses = 0
    }
    this.#collectKnown()
    const isFound = pattern > 0 && pattern === this.#pattern
    const room = kind === 'text' ? knownTextsMax : knownMax
    if (!isFound && bytes.length <= knownValueBytes && this.#known.length < room) {
      const at = this.#known.push(kind) * knownBytes
      this.#table.writeUInt32LE(bytes.length, at - knownBytes)
      bytes.copy(this.#table, at - knownValueBytes)
    }
    this.expect()
  }

  /** Takes over what the loop has counted. */
  collect(): void {
    const first = places.counts / 4
    for (const [kind, tally] of this.#tallies) {
      const index = indexOf.get(kind)
      if (index !== undefined) tally.count += memory.numbers[first + index] as number
    }
    this.#collectKnown()
  }

  #collectKnown(): void {
    for (let index = 0; index < this.#known.length; index++) {
      const at = (places.known + index * knownBytes) / 4 + 1
      const count = memory.numbers[at] as number
      if (count === 0) continue
      const tally = this.#tallies.get(this.#known[index] as KindOrWord)
      if (tally) tally.count += count
      memory.numbers[at] = 0
    }
  }

  /** What was counted since this was asked for last, with the first value of each kind. */
  take(): Tally[] {
    const taken: Tally[] = []
    for (const [kind, tally] of this.#tallies) {
      if (tally.count === 0) continue
      taken.push([kind, tally.count, tally.line, tally.value])
      tally.count = 0
    }
    return taken
  }
}
