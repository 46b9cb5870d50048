/** What a value is, in full and with care: simd/runs.ts finds the kinds that columns are full of. */
import { type Kind, type KindOrWord, kinds } from '../../domain/types.ts'
import {
  changesNumbers,
  dateParts,
  dateType,
  plainNumber,
  type Terms,
} from '../../domain/values.ts'
import { nullWords } from '../nullWords.ts'
import { isClock, isDay, isoKindOf, isUuid, numberKind } from '../plainKinds.ts'
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

const blanks = /^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g

/** Tells the kind of a value, by the rules of one dialect. */
export class ValueKinds {
  readonly #dialect: Dialect
  readonly #terms: Terms
  readonly #nulls: ReadonlySet<string>
  /** In lower case. */
  readonly #booleans: ReadonlySet<string>

  constructor(dialect: Dialect) {
    this.#dialect = dialect
    this.#terms = dialect
    this.#nulls = new Set([dialect.nullText, ...(dialect.nullWords ?? [])])
    const words = [...(dialect.trueWords ?? []), ...(dialect.falseWords ?? [])]
    this.#booleans = new Set(words.map((word) => word.toLowerCase()))
  }

  /** Texts of this dialect that are more than a text somewhere, besides `wordsOfAll`. */
  get words(): string[] {
    return [...this.#booleans, ...this.#nulls]
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
    if (this.#nulls.has(value)) return 'null'
    const text = value.replace(blanks, '')
    const word = text.toLowerCase()
    if (this.#booleans.has(word)) return this.#number(text) ? 'flag' : 'boolean'
    if (nullWords.has(text)) return `=${text}`
    if (word === 'true' || word === 'false') return 'boolean'
    if (word === 't' || word === 'f') return word
    return this.#number(text) ?? this.#time(text) ?? otherKind(value)
  }

  #number(text: string): Kind | null {
    const form = changesNumbers(this.#terms) ? plainNumber(text, this.#terms) : text
    return form === null || text.startsWith('+') ? null : numberKind(form)
  }

  #time(text: string): Kind | null {
    const iso = isoKindOf(text)
    if (iso !== 'other') return iso
    const type = dateType(text, this.#terms)
    const parts = type && dateParts(text)
    if (!parts || !this.#isDate(parts.parts)) return null
    if (type === 'date') return 'date'
    return isClock(text.slice(text.search(/[ T]/) + 1)) ? 'stamp' : null
  }

  #isDate(parts: readonly string[]): boolean {
    const [first = '', second = '', third = ''] = parts
    const { dates } = this.#terms
    if (dates === 'YMD') return isDay(first, second, third)
    return dates === 'DMY' ? isDay(third, second, first) : isDay(third, first, second)
  }
}

/** A uuid takes no blanks around it. */
function otherKind(value: string): Kind {
  if (isUuid(value)) return 'uuid'
  if (/^[ \t\n\r]*[[{]/.test(value)) return documentKind(value)
  return 'text'
}

function documentKind(value: string): Kind {
  const bytes = Buffer.from(value)
  // The loop may read a little more.
  reserve(places.scratch + bytes.length + 64)
  bytes.copy(memory.bytes, places.scratch)
  const found = kinds[loop.json(places.scratch, bytes.length, -1)] ?? 'null'
  return found === 'null' ? 'text' : found
}
