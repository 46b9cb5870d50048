/**
 * The types of a new table's columns, from the kinds of all values that the files have.
 *
 * A type is guessed only if PostgreSQL gives every value back as it is written, but for another form
 * of the same number, the `T` of a timestamp, the word of a boolean, the case of a uuid and the
 * spaces of a jsonb. So nothing is lost by a guess, and no row is refused for it.
 */
import { commonType } from './declaredTypes.ts'

/** What a value looks like. Their numbers are those of csv/simd: new ones come behind. */
export const kinds = [
  'null',
  /** A whole number that a bigint holds. */
  'whole',
  /** Any other number without an exponent. */
  'decimal',
  /** With an exponent that proves itself by a point or a sign: `1.5e3`, `15e+2`. */
  'science',
  /** Digits, `e`, digits: a number only where others prove that the column has such numbers. */
  'code',
  'boolean',
  /** Without `true` or `false`, one alone of these two is a code as likely as it is a boolean. */
  't',
  'f',
  'date',
  'stamp',
  /** A timestamp in UTC. */
  'zulu',
  'uuid',
  /** JSON that a jsonb gives back as it is written, and JSON that it does not. */
  'jsonb',
  'json',
  'text',
  /** A timestamp with another offset, which PostgreSQL would forget. */
  'offset',
  'infinity',
  /** A word for true or false that is a number. */
  'flag',
] as const
export type Kind = (typeof kinds)[number]

/** A word that may stand for NULL beside values of a type, as `=` and the word. */
export type KindOrWord = Kind | `=${string}`

/** How many values of a kind a column has, and the first of them: its physical line, and its start. */
export type Tally = readonly [kind: KindOrWord, count: number, line: number, value: string]

/** What the values of one field are. One that is not counted to the end is text for sure. */
export interface FieldFacts {
  tallies: Tally[]
  isText?: true
  /** The type that the schema of the file gives it; then its values are not looked at. */
  declared?: string
}

/** Types that are guessed, narrowest first. */
export const guessedTypes = [
  'boolean',
  'bigint',
  'numeric',
  'date',
  'timestamp',
  'timestamptz',
  'uuid',
  'jsonb',
  'json',
] as const
export type GuessedType = (typeof guessedTypes)[number]

/** Does a column of a type hold all values of a guessed one, as they are written? */
export const canHold = (type: string, guessed: string): boolean =>
  type === guessed ||
  (type === 'text' && (guessedTypes as readonly string[]).includes(guessed)) ||
  (type === 'numeric' && guessed === 'bigint')

const takenBy: Record<GuessedType, readonly KindOrWord[]> = {
  boolean: ['boolean', 't', 'f', 'flag'],
  bigint: ['whole', 'flag'],
  numeric: ['whole', 'flag', 'decimal', 'science', 'infinity'],
  date: ['date'],
  timestamp: ['stamp'],
  timestamptz: ['zulu'],
  uuid: ['uuid'],
  jsonb: ['jsonb'],
  json: ['jsonb', 'json'],
}

/** The first value of a kind, wherever it is. */
export interface Found {
  count: number
  fileNo: number
  line: number
  value: string
}

/** What the values of a column are, over all files. */
export interface ColumnFacts {
  tallies: Map<KindOrWord, Found>
  isText: boolean
  /** The type that the schemas of all files give it; null where they have none. */
  declared: string | null
}

export const noFacts = (): ColumnFacts => ({ tallies: new Map(), isText: false, declared: null })

/** Adds what one file has; files come in their order. */
export function addFacts(facts: ColumnFacts, fileNo: number, field: FieldFacts): void {
  if (field.isText) facts.isText = true
  const { declared } = field
  if (declared) facts.declared = facts.declared ? commonType(facts.declared, declared) : declared
  for (const [kind, count, line, value] of field.tallies) {
    const found = facts.tallies.get(kind)
    if (found) found.count += count
    else facts.tallies.set(kind, { count, fileNo, line, value })
  }
}

/** A word that is NULL in its column. */
export interface NullWord extends Found {
  word: string
}

export interface Nearly {
  type: GuessedType
  /** The first of the other values, and the count of all of them. */
  odd: Found
  /** Those that are known to be all of them, each once; null where there may be more. */
  oddValues: string[] | null
  /** Words that would be NULL in a column of that type. */
  words: NullWord[]
}

export interface Guess {
  /** A guessed type or text, or what the schemas of the files declare. */
  type: string
  nullWords: NullWord[]
  /** The type that nearly all values have, in a column that is text for the others. */
  nearly: Nearly | null
  /** What `freeze` makes of the column: its type, and how many values it rejects. */
  frozen: { type: string; rejected: number }
  /** All values of the column are timestamps with offsets, which a timestamptz would forget. */
  offset: Found | null
}

/**
 * @param options whether files have words for true and false, and whether a few odd values
 *   leave the column its type: they are rejects then, and so are words for NULL
 */
export function guessType(
  { tallies, isText, declared }: ColumnFacts,
  { hasWords, freeze }: { hasWords: boolean; freeze: boolean },
): Guess {
  const plain = { nullWords: [], nearly: null, offset: null }
  if (declared) return { ...plain, type: declared, frozen: { type: declared, rejected: 0 } }
  const values = new Map([...tallies].filter(([kind]) => !kind.startsWith('=')))
  const total = sumOf(values.values())
  const asText: Guess['frozen'] = { type: 'text', rejected: 0 }
  const text: Guess = { ...plain, type: 'text', frozen: asText }
  if (isText || total === 0) return text
  const taken = guessedTypes
    .filter((type) => isPossible(type, values, hasWords))
    .map((type) => ({ type, count: sumOf(taking(type, values).values()) }))
  const most = Math.max(...taken.map(({ count }) => count))
  const best = taken.find(({ count }) => most > 0 && count === most)
  // What freezes is as narrow as nearly all values are; else a type takes as many as it can.
  const narrow = taken.find(({ count }) => most > 0 && count >= most - total / 1000)
  if (!best || !narrow) return { ...text, offset: offsetIn(values, total) }
  const isKept = total === narrow.count || isFew(total - narrow.count, total)
  const words = wordsIn(tallies)
  const frozen = isKept
    ? { type: narrow.type, rejected: total - narrow.count + refusedBy(narrow.type, words) }
    : asText
  if (freeze) return { ...plain, type: frozen.type, frozen }
  const odd = total - best.count
  if (odd === 0) return { ...plain, type: best.type, nullWords: words, frozen }
  if (!isFew(odd, total)) return { ...text, frozen }
  return { ...text, frozen, nearly: { ...oddIn(values, best.type), type: best.type, words } }
}

/** The values that are not of the type. */
function oddIn(values: Tallies, type: GuessedType): Pick<Nearly, 'odd' | 'oddValues'> {
  const others = taking(type, values)
  const left = [...values].filter(([kind]) => !others.has(kind)).map(([, found]) => found)
  const isAll = left.every(({ count }) => count === 1)
  return {
    odd: { ...firstOf(left), count: sumOf(left) },
    oddValues: isAll ? left.map(({ value }) => value) : null,
  }
}

/** Whether PostgreSQL would not take a word for NULL for a value of the type. */
function refuses(type: GuessedType, word: string): boolean {
  if (type === 'numeric') return word.toLowerCase() !== 'nan'
  return !(type === 'json' || type === 'jsonb') || word !== 'null'
}

const refusedBy = (type: GuessedType, words: readonly NullWord[]): number =>
  sumOf(words.filter(({ word }) => refuses(type, word)))

/** What `freeze` rejects in a column of the type, with the first of it; null if there is none. */
export function misfitsOf({ tallies }: ColumnFacts, type: Guess['type']): Found | null {
  const guessed = guessedTypes.find((each) => each === type)
  if (!guessed) return null
  const taken = taking(guessed, tallies)
  const isTaken = (kind: KindOrWord) =>
    kind.startsWith('=') ? !refuses(guessed, kind.slice(1)) : taken.has(kind)
  const others = [...tallies].filter(([kind]) => !isTaken(kind)).map(([, found]) => found)
  return others.length === 0 ? null : { ...firstOf(others), count: sumOf(others) }
}

function offsetIn(values: Tallies, total: number): Found | null {
  const found = values.get('offset')
  return found && found.count === total ? found : null
}

/** Whether so few values do not fit that the column has the type nevertheless. */
const isFew = (odd: number, total: number): boolean =>
  odd * 10 <= total || (odd === 1 && total >= 3)

type Tallies = ReadonlyMap<KindOrWord, Found>

function taking(type: GuessedType, values: Tallies): Map<KindOrWord, Found> {
  const isTaken = (kind: KindOrWord): boolean =>
    takenBy[type].includes(kind) || (type === 'numeric' && kind === 'code' && values.has('science'))
  return new Map([...values].filter(([kind]) => isTaken(kind)))
}

function isPossible(type: GuessedType, values: Tallies, hasWords: boolean): boolean {
  if (type === 'boolean') {
    return hasWords || values.has('boolean') || values.has('t') === values.has('f')
  }
  // A name as likely as a number, where it stands alone.
  if (type === 'numeric')
    return [...taking(type, values).keys()].some((kind) => kind !== 'infinity')
  return true
}

const sumOf = (values: Iterable<Found>): number => {
  let sum = 0
  for (const { count } of values) sum += count
  return sum
}

const firstOf = (values: Found[]): Found =>
  values.reduce((first, each) =>
    (each.fileNo - first.fileNo || each.line - first.line) < 0 ? each : first,
  )

const wordsIn = (tallies: Tallies): NullWord[] =>
  [...tallies].flatMap(([kind, found]) =>
    kind.startsWith('=') ? [{ ...found, word: kind.slice(1) }] : [],
  )
