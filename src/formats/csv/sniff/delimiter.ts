/**
 * What stands between fields. A delimiter fits when it splits most records into the same number
 * of fields, at least two. A blank stands between words as well, so it is asked last, and only
 * where values or quotes show that it separates.
 */
import type { Dialect } from '../dialect.ts'
import { countOf } from './bytes.ts'
import { type Fit, howItFits, misfits, recordsMax } from './fit.ts'
import { kindOf, kindOfColumn } from './kinds.ts'
import { headRecords } from './records.ts'

/** The usual delimiters, and those that are tried only when no usual one fits. */
const usual = [',', ';', '\t', '|']
const rare = ['::', '~|~', '|~|', '^|^', '||', '¦', '\x01', '^', '~']
/** They hold a `|`, which splits as well, but never stands alone. */
const withBar = ['||', '~|~', '|~|', '^|^']

/** Enough to choose a delimiter by, as long as one of them is clear. */
const recordsFew = 400
const clearScore = 0.8
const rareScore = 0.7
const blankScore = 0.9
/** One record may be odd: the header of R has no name for the names of rows. */
const oddMax = 1.01
const recordsLeast = 3

interface Options {
  /** What is given. */
  delimiter: string | undefined
  whole: boolean
}

export function bestDelimiter(body: Buffer, dialect: Dialect, options: Options): Fit {
  const { delimiter, whole } = options
  const fitOf = (each: string, most = recordsMax) =>
    howItFits(body, { ...dialect, delimiter: each }, whole, most)
  if (delimiter !== undefined) return fitOf(delimiter)
  const free = (each: string) => each !== dialect.quote && !each.startsWith(dialect.comment || '\0')
  const among = usual.filter(free)
  const first = best(among.map((each) => fitOf(each, recordsFew)))
  const isClear = first !== undefined && first.score >= clearScore
  const candidates = isClear ? [first.dialect.delimiter] : among
  const plain = best(candidates.map((each) => fitOf(each))) ?? fitOf(',')
  if (plain.dialect.delimiter === '|') {
    const longer = withBar.find((each) => isAlways(body, each))
    return longer ? fitOf(longer) : plain
  }
  const spaced = plain.dialect.delimiter === ',' ? commaAndBlank(body, plain, fitOf) : null
  if (spaced) return spaced
  // Where the usual delimiters stand within quotes, and a blank in front of them.
  const areOdd = misfits(plain) * 2 > plain.records && plain.dialect.quote !== ''
  const blank = free(' ') && (areOdd || plain.score < clearScore) ? fitOf(' ') : null
  if (blank && areOdd && misfits(blank) * 2 < misfits(plain) && splits(body, blank, plain, whole)) {
    return blank
  }
  if (plain.score >= clearScore) return plain
  const other = best(rare.filter((each) => free(each) && body.includes(each)).map((e) => fitOf(e)))
  if (other && other.score >= rareScore && other.score > plain.score) return other
  if (blank && blank.score > plain.score && splits(body, blank, plain, whole)) return blank
  return plain.score > 0 ? plain : fitOf(',')
}

const best = (fits: Fit[]): Fit | undefined =>
  fits.sort((a, b) => b.score - a.score || b.width - a.width)[0]

/** Does `|` stand in nothing but this? */
function isAlways(body: Buffer, delimiter: string): boolean {
  const bars = delimiter.split('|').length - 1
  const all = countOf(body, delimiter)
  return all > 0 && all * bars === countOf(body, '|')
}

/** `a, "b, c"`: behind the blank stands a quote, which opens only if the blank is no text. */
function commaAndBlank(body: Buffer, plain: Fit, fitOf: (each: string) => Fit): Fit | null {
  const { quote } = plain.dialect
  if (quote === '' || !body.includes(`, ${quote}`)) return null
  const spaced = fitOf(', ')
  const fits = spaced.score >= Math.max(plain.score, clearScore) && spaced.width > 1
  return fits && spaced.quotedFields > plain.quotedFields && misfits(spaced) <= misfits(plain)
    ? spaced
    : null
}

/** More than PostgreSQL has. */
const columnsMax = 1600
const linesFew = 200
const lineCharsMax = 1000
/** 1 234 567, or 2024-01-31 10:00: one value with blanks in it. */
const groups = /^[-+]?\d{1,3}( \d{3})+([.,]\d+)?$/

/** Does a blank split the records alike, and no worse than another delimiter? */
function splits(body: Buffer, blank: Fit, plain: Fit, whole: boolean): boolean {
  const odd = blank.records * (1 - blank.score)
  const fits = blank.score >= blankScore || (odd < oddMax && blank.records >= recordsLeast)
  const isNoWorse = blank.score >= plain.score && blank.width <= columnsMax
  return fits && isNoWorse && isSeparated(body, blank, whole)
}

/** Do values stand between the blanks, or quotes around what has blanks in it? */
function isSeparated(
  body: Buffer,
  { dialect, width, quotedFields, withQuotes }: Fit,
  whole: boolean,
) {
  const records = headRecords(body, dialect, { whole, most: linesFew })
  const lines = records.map(({ values }) => values.map((value) => value ?? '').join(' '))
  if (lines.some((line) => groups.test(line) || kindOf(line) === 'date')) return false
  const data = records.slice(1).map(({ values }) => values)
  const kinds = Array.from({ length: width }, (_, at) =>
    kindOfColumn(data.map((each) => each[at] ?? null)),
  )
  const values = kinds.filter((kind) => kind !== 'text' && kind !== 'empty').length
  if (quotedFields > 0 && withQuotes * 2 >= records.length) return values > 0
  const empty = data.flat().filter((value) => (value ?? '') === '').length
  if (empty * 10 > data.length * width) return false
  return width > 2 ? values * 2 >= width : values === width
}

/** For a note. */
export const shownDelimiter = (delimiter: string): string =>
  delimiter === ' ' ? 'blanks' : JSON.stringify(delimiter)

export const isUsual = (delimiter: string): boolean => usual.includes(delimiter)

/** What may stand between fields, and what shows that it might. */
const separators: [delimiter: string, shows: RegExp][] = [
  ...[...',;\t|^~'].map((each): [string, RegExp] => [each, new RegExp(`\\${each}`)]),
  [' ', /\S +\S+ +\S/],
]
const candidatesMax = 3

/**
 * What may stand between fields in most lines, though it splits them in no common way: none where
 * most lines hold nothing of the kind, else those that most lines hold.
 */
export function candidatesIn(records: readonly (string | null)[][]): string[] {
  const lines = records.slice(0, linesFew).map((values) => (values[0] ?? '').slice(0, lineCharsMax))
  const found = lines.map((line) => separators.filter(([, shows]) => shows.test(line)))
  if (found.filter(({ length }) => length > 0).length * 2 <= lines.length) return []
  const counted = separators.map(([delimiter]) => ({
    delimiter,
    count: found.filter((each) => each.some(([one]) => one === delimiter)).length,
  }))
  const most = Math.max(...counted.map(({ count }) => count))
  return counted
    .filter(({ count }) => count * 2 > most)
    .sort((a, b) => b.count - a.count)
    .slice(0, candidatesMax)
    .map(({ delimiter }) => delimiter)
}

/** Would one of the usual delimiters split all values alike, which are one field each? */
export const areSplit = (records: readonly (string | null)[][]): boolean =>
  usual.some((delimiter) => {
    const [count = 0, ...others] = records.map(([value]) =>
      countOf(Buffer.from(value ?? ''), delimiter),
    )
    return count > 0 && others.every((each) => each === count)
  })
