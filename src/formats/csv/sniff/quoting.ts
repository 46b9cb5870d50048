/**
 * What stands around fields, and before a quote within them. The usual quoting is left only for
 * one that explains what it cannot.
 */

import type { Dialect } from '../dialect.ts'
import type { CsvOptions } from '../options.ts'
import { bestDelimiter } from './delimiter.ts'
import { type Fit, misfits } from './fit.ts'

export function sniffFields(body: Buffer, given: Dialect, format: CsvOptions, whole: boolean): Fit {
  const look = (quoting: Pick<Dialect, 'quote' | 'escape'>) =>
    bestDelimiter(
      body,
      { ...given, ...quoting },
      { delimiter: given.delimiter || undefined, whole },
    )
  const base = look(given)
  return format.quote === undefined ? (otherQuoting(body, base, format, look) ?? base) : base
}

/** Another quoting wins when this many times as many records have the usual width. */
const betterShare = 1.2

type Look = (quoting: Pick<Dialect, 'quote' | 'escape'>) => Fit

/** Another quoting than `"`, if the bytes ask for it. */
function otherQuoting(body: Buffer, base: Fit, format: CsvOptions, look: Look): Fit | null {
  if (format.escape === undefined && misfits(base) > 0) {
    // A backslash before a quote, where doubling leaves records that make no sense.
    const escaped = body.includes('\\"') ? look({ quote: '"', escape: '\\' }) : null
    if (escaped && misfits(escaped) * 2 <= misfits(base) && escaped.score >= base.score) {
      return escaped
    }
  }
  const single = base.quotedFields > 0 ? null : singleQuoting(body, base, format, look)
  if (single || base.quotedFields > 0) return single
  // Inches and the like: quotes that never stand where a field begins.
  const strays = base.withQuotes + base.broken >= 3 && format.escape === undefined
  return strays ? look({ quote: '', escape: '' }) : null
}

/** Apostrophes in texts are no quotes: `'` must stand around fields, and explain what `"` cannot. */
function singleQuoting(body: Buffer, base: Fit, format: CsvOptions, look: Look): Fit | null {
  if (!body.includes("'") || format.delimiter === "'" || format.comment?.includes("'")) return null
  const escapes = body.includes("\\'") ? ["'", '\\'] : ["'"]
  const [best] = (format.escape ? [format.escape] : escapes)
    .map((escape) => look({ quote: "'", escape }))
    .sort((a, b) => a.broken - b.broken)
  if (!best || best.quotedFields < 2 || best.quotedRecords * 10 < best.records) return null
  if (best.broken * 50 <= best.records && best.score >= base.score) return best
  const isMost = best.quotedRecords * 2 >= best.records + best.broken
  return isMost && best.score * best.records > betterShare * base.score * base.records ? best : null
}
