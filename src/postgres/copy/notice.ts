/** What COPY tells of a row that it skipped. */
import { rejectReason } from '../../errors/rejects.ts'
import { nameAtStart } from './context.ts'

/** A row that COPY skipped. */
export interface Skipped {
  /** COPY's own count: that of the records for COPY text; for others see AsIs in src/formats/reader.ts. */
  copyLine: number
  column: string
  error: string
}

/** Column names and their types. */
type Types = ReadonlyMap<string, string>

/**
 * `skipping row due to data type incompatibility at line 7 for column "n": "x"`, or `: null input`.
 *
 * The session asks for English (`lc_messages`); where it may not, the line and the column are
 * still found. A notice that tells of no row gives null. Should one be missed, the count of the
 * unit does not add up, and nothing is published.
 */
export function readNotice(text: string, types: Types): Skipped | null {
  const found = /^skipping row .*? at line (\d+) for column "(.*)$/s.exec(text)
  const rest = found?.[2] ?? ''
  const column = nameAtStart(rest, types, ['": "', '": null input'])
  if (!found || column === null) {
    return /^\d+ rows? (was|were) skipped/.test(text) ? null : readForeign(text, types)
  }
  const value = /^"(.*)"$/s.exec(rest.slice(column.length + '": '.length))
  const error = skippedError(types.get(column), value?.[1] ?? null)
  return { copyLine: Number(found[1]), column, error }
}

/** Why a row was skipped; the value is null for a NULL. */
export const skippedError = (type: string | undefined, value: string | null): string =>
  errorOf(type, value === null ? 'NULL' : JSON.stringify(value))

/** In another language: the line is the first number, the column is one that we know. */
function readForeign(text: string, types: Types): Skipped | null {
  const line = /(?:^|\s)(\d+)(?=[\s,.:]|$)/.exec(text)
  const names = [...types.keys()].filter((name) => quoted(name).test(text))
  const column = names.sort((a, b) => b.length - a.length)[0]
  if (!line || column === undefined) return null
  const value = text.slice(text.search(quoted(column))).replace(/^.*?: */s, '')
  return { copyLine: Number(line[1]), column, error: errorOf(types.get(column), value) }
}

/** A name between quotes of any language. */
const quoted = (name: string): RegExp =>
  new RegExp(`["'«»„“”‘’「] ?${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')} ?["'«»„“”‘’」]`, 'u')

const errorOf = (type: string | undefined, value: string): string =>
  rejectReason('22P02', { type: type ?? 'value', value }).error
