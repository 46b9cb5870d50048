/** Fields of a record whose quotes make no sense: such a quote is text, and hides no delimiter. */
import type { Dialect } from '../dialect.ts'
import type { Field } from '../records.ts'

export function looseFields(record: Buffer, dialect: Dialect): Field[] {
  const { delimiter, quote, escape } = dialect
  const text = record.toString('utf8')
  const fields: Field[] = []
  let unsure = 0
  for (let from = 0; from <= text.length; ) {
    const close = text[from] === quote && from >= unsure ? closing(text, from, dialect) : null
    if (close && !close.found) unsure = close.at
    const quoted = close?.found ?? false
    const next = quoted && close ? close.at + 1 : text.indexOf(delimiter, from)
    const end = next < 0 ? text.length : next
    const value = quoted
      ? text.slice(from + 1, end - 1).replaceAll(escape + quote, quote)
      : text.slice(from, end)
    fields.push({ value, quoted })
    from = end + delimiter.length
  }
  return fields
}

/** Where the quote that opens at `from` closes, or where one shows that it is text. */
function closing(
  text: string,
  from: number,
  { delimiter, quote, escape }: Dialect,
): { found: boolean; at: number } {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === escape && text[at + 1] === quote) at++
    else if (text[at] === quote) {
      const found = at + 1 === text.length || text.startsWith(delimiter, at + 1)
      return { found, at }
    }
  }
  return { found: false, at: text.length }
}
