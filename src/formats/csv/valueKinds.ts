/** What a value is, in full and with care: simd/runs.ts finds the kinds that columns are full of. */
import { type Kind, type KindOrWord, kinds } from '../../domain/types.ts'
import { nullWords } from '../nullWords.ts'
import { TextKinds } from '../textKinds.ts'
import type { Dialect } from './dialect.ts'
import { loop, memory, places, reserve } from './loop.ts'

/** Every text that is more than a text somewhere, in any dialect. */
export const wordsOfAll: readonly string[] = [
  ...nullWords,
  'true',
  'false',
  'infinity',
  '-infinity',
]

/** Tells the kind of a value, by the rules of one dialect. */
export class ValueKinds {
  readonly #dialect: Dialect
  readonly #kinds: TextKinds

  constructor(dialect: Dialect) {
    this.#dialect = dialect
    this.#kinds = new TextKinds(dialect, documentKind)
  }

  /** Texts of this dialect that are more than a text somewhere, besides `wordsOfAll`. */
  get words(): string[] {
    return this.#kinds.words
  }

  /**
   * Whether a word of this dialect would be of a type without it, like a NULL that is written `-999`.
   * Where such values have come already, the loops take it for one of them.
   */
  get hasTypedWords(): boolean {
    const { trueWords, falseWords, nullWords, ...others } = this.#dialect
    const plain = new ValueKinds({ ...others, nullText: '' })
    return this.words.some((word) => {
      const kind = plain.kindOf(word)
      return (
        kind !== 'text' && !kind.startsWith('=') && kind !== 'null' && kind !== this.kindOf(word)
      )
    })
  }

  kindOf(value: string): KindOrWord {
    return this.#kinds.kindOf(value)
  }
}

function documentKind(value: string): Kind {
  const bytes = Buffer.from(value)
  // The loop may read a little more.
  reserve(places.scratch + bytes.length + 64)
  bytes.copy(memory.bytes, places.scratch)
  const found = kinds[loop.json(places.scratch, bytes.length, -1)] ?? 'null'
  return found === 'null' ? 'text' : found
}
