/**
 * What stands between and around fields.
 *
 * A delimiter fits when it splits most records into the same number of fields, at least two. The
 * records in front that it does not split at all may be titles. Of the quotings the usual one is
 * left only for one that explains what it cannot.
 */
import type { Format } from '../domain/format.ts'
import type { Dialect } from '../domain/words.ts'
import { type Shape, shapeOf, soundRecords } from './records.ts'

/** The usual ones, and those that are asked only when none of them fits. */
const usual = [',', ';', '\t', '|']
const rare = ['::', '~|~', '|~|', '^|^', '||', '¦', '\x01', '^', '~']
/** They hold a `|`, which splits as well, but never stands alone. */
const withBar = ['||', '~|~', '|~|', '^|^']

const recordsMax = 3000
/** Enough to choose a delimiter by, as long as one of them is clear. */
const recordsFew = 400
const clearScore = 0.8
/** After so many broken lines the quoting is wrong anyway. */
const brokenMax = 100

interface Fit {
  dialect: Dialect
  width: number
  /** The share of the records that have this width. */
  score: number
  records: number
  /** Records with quotes, those of them that are well quoted, and fields that begin with one. */
  withQuotes: number
  wellQuoted: number
  quotedFields: number
  broken: number
}

export interface SniffedFields {
  dialect: Dialect
  /** Fields of most records; less than two when nothing splits them. */
  width: number
}

export function sniffFields(
  body: Buffer,
  given: Dialect,
  format: Format,
  whole: boolean,
): SniffedFields {
  const look = (quoting: Pick<Dialect, 'quote' | 'escape'>) =>
    bestDelimiter(body, { ...given, ...quoting }, { delimiter: format.delimiter, whole })
  const base = look(given)
  const found = format.quote === undefined ? (otherQuoting(body, base, format, look) ?? base) : base
  return { dialect: found.dialect, width: found.width }
}

type Look = (quoting: Pick<Dialect, 'quote' | 'escape'>) => Fit

/** Another quoting than `"`, if the bytes ask for it. */
function otherQuoting(body: Buffer, base: Fit, format: Format, look: Look): Fit | null {
  if (format.escape === undefined && base.broken + base.withQuotes > base.wellQuoted) {
    // A backslash before a quote, where doubling leaves records that make no sense.
    const escaped = body.includes('\\"') ? look({ quote: '"', escape: '\\' }) : null
    if (escaped && misfits(escaped) * 2 <= misfits(base) && escaped.score >= base.score) {
      return escaped
    }
  }
  if (base.quotedFields > 0) return null
  if (body.includes("'") && format.delimiter !== "'" && format.comment !== "'") {
    const single = look({ quote: "'", escape: format.escape ?? "'" })
    const enough = single.quotedFields >= 2 && single.wellQuoted * 10 >= single.records
    if (enough && misfits(single) * 50 <= single.records && single.score >= base.score) {
      return single
    }
  }
  // Inches and the like: quotes that never stand where a field begins.
  const strays = base.withQuotes + base.broken >= 3 && format.escape === undefined
  return strays ? look({ quote: '', escape: '' }) : null
}

/** Records whose quotes make no sense. */
const misfits = ({ broken, withQuotes, wellQuoted }: Fit): number =>
  broken + withQuotes - wellQuoted

function bestDelimiter(
  body: Buffer,
  dialect: Dialect,
  { delimiter, whole }: { delimiter: string | undefined; whole: boolean },
): Fit {
  const fitOf = (each: string, most = recordsMax) =>
    howItFits(body, { ...dialect, delimiter: each }, whole, most)
  if (delimiter !== undefined) return fitOf(delimiter)
  const best = (fits: Fit[]): Fit | undefined =>
    fits.sort((a, b) => b.score - a.score || b.width - a.width)[0]
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
  if (plain.score >= clearScore) return plain
  const others = rare.filter((each) => free(each) && body.includes(each))
  const other = best(others.map((each) => fitOf(each)))
  if (other && other.score >= 0.7 && other.score > plain.score) return other
  return plain.score > 0 ? plain : fitOf(',')
}

/** Does `|` stand in nothing but this? */
function isAlways(body: Buffer, delimiter: string): boolean {
  const bars = delimiter.split('|').length - 1
  const all = countOf(body, delimiter)
  return all > 0 && all * bars === countOf(body, '|')
}

function countOf(body: Buffer, text: string): number {
  let count = 0
  for (let at = body.indexOf(text); at >= 0; at = body.indexOf(text, at + text.length)) count++
  return count
}

function howItFits(body: Buffer, dialect: Dialect, whole: boolean, most: number): Fit {
  const shapes: Shape[] = []
  let broken = 0
  let quotedFields = 0
  for (const span of soundRecords(body, dialect, { recordBytesMax: body.length })) {
    const cutShort = span.next >= body.length && !whole && shapes.length > 0
    if (cutShort || shapes.length >= most || broken >= brokenMax) break
    if (span.blank) continue
    const shape = shapeOf(body.subarray(span.start, span.end), dialect)
    quotedFields += shape.quoted
    if (span.broken) broken++
    else shapes.push(shape)
  }
  const quote = (shape: Shape) => shape.quoted > 0 || !shape.wellQuoted
  const withQuotes = shapes.filter(quote)
  return {
    dialect,
    ...widthIn(shapes.map(({ fields }) => fields)),
    records: shapes.length,
    withQuotes: withQuotes.length,
    wellQuoted: withQuotes.filter(({ wellQuoted }) => wellQuoted).length,
    quotedFields,
    broken,
  }
}

/** The width that most records have, titles in front left out. */
function widthIn(all: number[]): { width: number; score: number } {
  const first = all.findIndex((width) => width > 1)
  const widths = first > 0 && all.length - first > 1 ? all.slice(first) : all
  const counts = new Map<number, number>()
  for (const width of widths) counts.set(width, (counts.get(width) ?? 0) + 1)
  const [width, count] = [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0] ?? [0, 0]
  const isMost = count * 2 >= widths.length
  return { width, score: width < 2 || !isMost ? 0 : count / all.length }
}
