/** What the values of one field of a file are, put together from looks at its parts, in their order. */
import type { FieldFacts, Kind, KindOrWord, Tally } from '../domain/types.ts'

/** What simd/runs.ts looks for: the loops that find a kind. */
const patterns: Partial<Record<KindOrWord, number>> = {
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
} satisfies Partial<Record<Kind, number>>

/** 0 for a kind that no loop finds. */
export const patternOf = (kind: KindOrWord): number => patterns[kind] ?? 0

/** So many values decide that a column is text, if they are this share of all that are to come. */
const othersMin = 1000
const othersShare = 0.15

/** A kind: how many values, and the first of them. */
export interface Counted {
  count: number
  readonly line: number
  readonly value: string
}

export class ColumnTally {
  /** It cannot become anything but text, and nothing is added any more. */
  isText = false
  readonly #tallies = new Map<KindOrWord, Counted>()

  /** @param found behind all that was added before: the first value of a kind is that of the file */
  add(found: readonly Tally[]): void {
    if (this.isText) return
    for (const [kind, count, line, value] of found) {
      const tally = this.#tallies.get(kind)
      if (tally) tally.count += count
      else this.#tallies.set(kind, { count, line, value })
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
      const family = patternOf(kind)
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
