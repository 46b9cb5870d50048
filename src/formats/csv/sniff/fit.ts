/** How well a delimiter and a quoting fit a text: do they split most records alike? */
import type { Dialect } from '../dialect.ts'
import { type Shape, shapeOf, soundRecords } from '../records.ts'
import { widthOfMost } from './records.ts'

export interface Fit {
  dialect: Dialect
  width: number
  /** The share of the records that have this width; 0 when nothing splits them. */
  score: number
  records: number
  /** Records with quotes, those of them that are well quoted, and fields that begin with one. */
  withQuotes: number
  wellQuoted: number
  quotedFields: number
  /** Records with such fields. */
  quotedRecords: number
  broken: number
}

export const recordsMax = 3000
/** After so many broken lines the quoting is wrong anyway. */
const brokenMax = 100
/** The head is read no further after so many blank lines. */
const blankMax = 10_000

/** Records whose quotes make no sense. */
export const misfits = ({ broken, withQuotes, wellQuoted }: Fit): number =>
  broken + withQuotes - wellQuoted

export function howItFits(body: Buffer, dialect: Dialect, whole: boolean, most: number): Fit {
  const shapes: Shape[] = []
  let broken = 0
  let blank = 0
  let quotedFields = 0
  const limits = { recordBytesMax: body.length }
  for (const span of soundRecords(body, dialect, limits)) {
    const cutShort = span.next >= body.length && !whole && shapes.length > 0
    if (cutShort || shapes.length >= most || broken >= brokenMax || blank >= blankMax) break
    if (span.blank) {
      blank++
      continue
    }
    // In a broken one the walk has gone further than its first line.
    const { quoted } = span.broken ? shapeOf(body.subarray(span.start, span.end), dialect) : span
    quotedFields += quoted
    if (span.broken) broken++
    else shapes.push({ fields: span.fields, quoted, odd: span.odd, wellQuoted: !span.odd })
  }
  const withQuotes = shapes.filter(({ quoted, wellQuoted }) => quoted > 0 || !wellQuoted)
  return {
    dialect,
    ...widthIn(shapes.map(({ fields }) => fields)),
    records: shapes.length,
    withQuotes: withQuotes.length,
    wellQuoted: withQuotes.filter(({ wellQuoted }) => wellQuoted).length,
    quotedFields,
    quotedRecords: shapes.filter(({ quoted }) => quoted > 0).length,
    broken,
  }
}

/** The width that most records have, titles in front left out. */
function widthIn(all: number[]): { width: number; score: number } {
  const first = all.findIndex((width) => width > 1)
  const widths = first > 0 && all.length - first > 1 ? all.slice(first) : all
  const { width, count } = widthOfMost(widths)
  const isMost = count * 2 >= widths.length
  return { width, score: width < 2 || !isMost ? 0 : count / all.length }
}
