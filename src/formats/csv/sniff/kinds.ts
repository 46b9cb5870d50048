/** What a text looks like, taken for a name or for a value. */
import { looksLikeValue } from '../../../domain/columns.ts'
import { dateParts } from '../../../domain/values.ts'

export type Kind = 'empty' | 'null' | 'number' | 'date' | 'boolean' | 'value' | 'text'

/** Words that stand for a missing value among others: they tell nothing of a column. */
const nullWord = /^(n\/?a|#n\/a|null|none|nan|nil|-|\\n|\.)$/i
const isoDate = /^\d{4}-\d{2}-\d{2}([ T]|$)/
const clock = /^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$/
const boolean = /^(true|false)$/i
/** A number in any notation, also with a currency or a percent sign. */
const number = /^[-+]?\p{Sc}?\s?[-+]?[.,]?\d[\d.,'_\s\u2019]*([eE][-+]?\d{1,3})?\s?[%\p{Sc}]?$/u
/** `[Order No]`, as SQL Server writes names. */
const bracketed = /^(\[[\p{L}_][\p{L}\p{N}_ ]*\]|\{[\p{L}_][\p{L}\p{N}_ ]*\})$/u
const textCharsMax = 100

export function kindOf(value: string | null): Kind {
  const text = (value ?? '').trim()
  if (text === '') return 'empty'
  if (nullWord.test(text)) return 'null'
  if (text.length <= textCharsMax) {
    if (isoDate.test(text) || clock.test(text) || dateParts(text)) return 'date'
    if (boolean.test(text)) return 'boolean'
    if (number.test(text)) return 'number'
    if (bracketed.test(text)) return 'text'
  }
  return looksLikeValue(text) ? 'value' : 'text'
}

/** One value in ten may be of another kind: rows may be dirty. */
const dirtyShare = 0.1

/** What the values of a column look like, most of them. */
export function kindOfColumn(values: readonly (string | null)[]): Kind {
  const counts = new Map<Kind, number>()
  for (const value of values) {
    const kind = kindOf(value)
    if (kind !== 'empty' && kind !== 'null') counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0)
  if (all === 0) return 'empty'
  const [kind, count] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? ['text', 0]
  return all - count <= all * dirtyShare ? kind : 'text'
}
