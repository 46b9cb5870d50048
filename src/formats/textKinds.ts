/** What a text is as a value, in full and with care, in the terms of its file. */
import type { Kind, KindOrWord } from '../domain/types.ts'
import { changesNumbers, dateParts, dateType, plainNumber, type Terms } from '../domain/values.ts'
import { nullWords } from './nullWords.ts'
import { isClock, isDay, isoKindOf, isUuid, numberKind } from './plainKinds.ts'

const blanks = /^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g

interface TextTerms extends Terms {
  /** The texts that stand for NULL. */
  nullText: string
  nullWords?: string[]
}

export class TextKinds {
  readonly #terms: Terms
  readonly #nulls: ReadonlySet<string>
  /** In lower case. */
  readonly #booleans: ReadonlySet<string>
  readonly #documentKind: (value: string) => Kind

  /** @param documentKind of a text that begins as JSON with parts does */
  constructor(terms: TextTerms, documentKind: (value: string) => Kind) {
    this.#terms = terms
    this.#nulls = new Set([terms.nullText, ...(terms.nullWords ?? [])])
    const words = [...(terms.trueWords ?? []), ...(terms.falseWords ?? [])]
    this.#booleans = new Set(words.map((word) => word.toLowerCase()))
    this.#documentKind = documentKind
  }

  /** Texts of these terms that are more than a text somewhere. */
  get words(): string[] {
    return [...this.#booleans, ...this.#nulls]
  }

  kindOf(value: string): KindOrWord {
    if (this.#nulls.has(value)) return 'null'
    const text = value.replace(blanks, '')
    const word = text.toLowerCase()
    if (this.#booleans.has(word)) return this.#number(text) ? 'flag' : 'boolean'
    if (nullWords.has(text)) return `=${text}`
    if (word === 'true' || word === 'false') return 'boolean'
    if (word === 't' || word === 'f') return word
    return this.#number(text) ?? this.#time(text) ?? this.#other(value)
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

  /** A uuid takes no blanks around it. */
  #other(value: string): Kind {
    if (isUuid(value)) return 'uuid'
    return /^[ \t\n\r]*[[{]/.test(value) ? this.#documentKind(value) : 'text'
  }
}
