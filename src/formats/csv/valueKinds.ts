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
    const found = isoTime.exec(text)
    if (found) return isoKind(found)
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

const number = /^(-?)(?:(0|[1-9]\d*)(?:\.(\d+))?|\.(\d+))(?:[eE]([-+]?)(\d{1,3}))?$/
const bigints = { min: -(2n ** 63n), max: 2n ** 63n - 1n }
/** A longer text is not taken for a number. */
const numberCharsMax = 400

function numberKind(text: string): Kind | null {
  if (text.length > numberCharsMax) return null
  const found = number.exec(text)
  if (!found) return /^-?inf(inity)?$/i.test(text) ? 'infinity' : null
  const [, minus, whole, fraction = found[4], , sign, exponent] = found
  if (exponent !== undefined) {
    return fraction !== undefined || sign !== '' || minus !== '' ? 'science' : 'code'
  }
  if (fraction !== undefined) return 'decimal'
  if ((whole ?? '').length <= 18) return 'whole'
  const value = BigInt(text)
  return value >= bigints.min && value <= bigints.max ? 'whole' : 'decimal'
}

const isoTime =
  /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(?: ?(Z|[-+]\d{2}(?::?\d{2})?))?)?$/

function isoKind([, year = '', month = '', day = '', clock, zone]: RegExpExecArray): Kind | null {
  if (!isDay(year, month, day)) return null
  if (clock === undefined) return 'date'
  if (!isClock(clock)) return null
  if (zone === undefined) return 'stamp'
  if (/^(Z|\+00(:?00)?)$/.test(zone)) return 'zulu'
  return 'offset'
}

function isDay(year: string, month: string, day: string): boolean {
  const y = Number(year)
  // As PostgreSQL reads a year of two digits.
  const full = year.length > 2 ? y : y + (y < 70 ? 2000 : 1900)
  const m = Number(month)
  const d = Number(day)
  if (full < 1 || m < 1 || m > 12 || d < 1) return false
  const isLeap = full % 4 === 0 && (full % 100 !== 0 || full % 400 === 0)
  if (m === 2) return d <= (isLeap ? 29 : 28)
  return d <= ([4, 6, 9, 11].includes(m) ? 30 : 31)
}

/** A time that PostgreSQL does not carry over: no second 60, no hour 24. */
function isClock(text: string): boolean {
  const found = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?( ?[AaPp][Mm])?$/.exec(text)
  if (!found) return false
  const [, hour, minute, second = '0', half] = found
  const hours = Number(hour)
  const isHour = half === undefined ? hours < 24 : hours >= 1 && hours <= 12
  return isHour && Number(minute) < 60 && Number(second) < 60
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** A uuid takes no blanks around it. */
function otherKind(value: string): Kind {
  if (uuid.test(value)) return 'uuid'
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

/** As PostgreSQL reads it, in whatever form. */
export const isPlainNumber = (text: string): boolean => numberKind(text) !== null
