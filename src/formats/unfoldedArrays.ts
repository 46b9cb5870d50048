/** Lists of JSON within COPY text, for columns of arrays: `[1, 2]` is `{1,2}`. */
import type { Column } from '../domain/columns.ts'
import { escaped, writtenValues } from './copyText.ts'
import { arrayLiteral } from './jsonArrays.ts'

/** For each field whether its column is an array, and of what. */
export type ArrayFields = readonly ('json' | 'other' | null)[]

/** @returns null where no column is an array */
export function arrayFields(columns: readonly Column[]): ArrayFields | null {
  const fields = columns.map(({ type }) => {
    if (!type.endsWith('[]')) return null
    return /^jsonb?\[\]$/.test(type) ? 'json' : 'other'
  })
  return fields.some((field) => field !== null) ? fields : null
}

/** @param line with its newline */
export function withArrays(line: Buffer, arrays: ArrayFields): Buffer {
  const texts = line.toString('utf8', 0, line.length - 1).split('\t')
  const written = texts.map((text, at) => {
    const array = arrays[at]
    return array && text.startsWith('[') ? arrayText(text, array === 'json') : text
  })
  return Buffer.from(`${written.join('\t')}\n`)
}

/** What is no list of JSON is left to PostgreSQL, which has such texts too: `[0:1]={1,2}`. */
function arrayText(text: string, isJson: boolean): string {
  const [value] = writtenValues(Buffer.from(text))
  try {
    JSON.parse(value as string)
  } catch {
    return text
  }
  const bytes = Buffer.from(value as string)
  return escaped(arrayLiteral(bytes, 0, bytes.length, isJson).toString())
}
