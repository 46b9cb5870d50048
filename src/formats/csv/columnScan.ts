/** What the values of one field of a file are, as the scan comes to know it. */
import {
  type FieldFacts,
  type Kind,
  type KindOrWord,
  kinds,
  type Tally,
} from '../../domain/types.ts'
import { loop, memory, places } from './loop.ts'

/** What simd/runs.ts looks for: the loops that find a kind. */
const patternOf: Partial<Record<Kind, number>> = {
  whole: 1,
  decimal: 1,
  science: 1,
  code: 1,
  boolean: 2,
  t: 2,
  f: 2,
  date: 3,
  stamp: 4,
  zulu: 4,
  uuid: 5,
  jsonb: 6,
  json: 6,
}

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
/** So many values decide that a column is text, if they are this share of all that are to come. */
const othersMin = 1000
const othersShare = 0.15

interface Counted {
  count: number
  readonly line: number
  readonly value: string
}

export class ColumnScan {
  /** It cannot become anything but text, and is not looked at any more. */
  isText = false
  readonly #tallies = new Map<KindOrWord, Counted>()
  /** Short values that have come, as they stand in the file. */
  readonly #known: { bytes: Buffer; kind: KindOrWord }[] = []
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
    for (const [index, { bytes }] of this.#known.entries()) {
      const at = places.known + index * knownBytes
      memory.numbers[at / 4] = bytes.length
      memory.numbers[at / 4 + 1] = 0
      bytes.copy(memory.bytes, at + knownBytes - knownValueBytes)
    }
    loop.expect(this.#pattern, this.#seen, this.#known.length)
  }

  /** The loop has stopped at a value of this kind: it is to know such ones from now on. */
  learn(kind: KindOrWord, bytes: Buffer): void {
    const pattern = patternOf[kind as Kind] ?? 0
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
      this.#known.push({ bytes: Buffer.from(bytes), kind })
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
    for (const [index, { kind }] of this.#known.entries()) {
      const at = (places.known + index * knownBytes) / 4 + 1
      const tally = this.#tallies.get(kind)
      if (tally) tally.count += memory.numbers[at] as number
      memory.numbers[at] = 0
    }
  }

  /** @param records that the file is going to have, about */
  settle(records: number): void {
    let total = 0
    let most = 0
    const families = new Map<number, number>()
    for (const [kind, { count }] of this.#tallies) {
      if (kind.startsWith('=')) continue
      total += count
      const family = patternOf[kind as Kind] ?? 0
      const sum = (families.get(family) ?? 0) + count
      families.set(family, sum)
      if (family > 0) most = Math.max(most, sum)
    }
    const others = total - most
    this.isText ||= others > othersMin && others > records * othersShare
  }

  facts(): FieldFacts {
    const tallies = [...this.#tallies].map(
      ([kind, { count, line, value }]): Tally => [kind, count, line, value],
    )
    return this.isText ? { tallies: tallies.slice(0, 1), isText: true } : { tallies }
  }
}
