/** What the options of CSV must keep to that their schema cannot say: one text may not mean two things. */
import { sluiceError } from '../../errors.ts'
import type { CsvOptions } from './options.ts'

/** COPY would refuse most of it as well, but only when the bytes are there. @throws dialect_invalid */
export function checkOptions(format: CsvOptions): void {
  const refuse = (problem: string) => sluiceError('dialect_invalid', { problem })
  const { delimiter, quote = '"', escape = quote, comment } = format
  const marks = { delimiter, quote, escape, comment }
  for (const [name, mark] of Object.entries(marks)) {
    if (mark && /[\r\n\0]/.test(mark)) throw refuse(`the ${name} cannot be a line end or a NUL`)
  }
  if (quote === '' && format.escape) throw refuse('there is an escape, but nothing is quoted')
  checkMarks(
    { ...(delimiter && { delimiter }), quote, escape, ...(comment && { comment }) },
    refuse,
  )
  checkNulls(format, refuse)
  checkValues(format, refuse)
}

function checkMarks(marks: Record<string, string>, refuse: Refuse): void {
  const pairs = [
    ['delimiter', 'quote'],
    ['delimiter', 'escape'],
    ['comment', 'quote'],
    ['comment', 'escape'],
  ]
  for (const [one = '', other = ''] of pairs) {
    const [first, second] = [marks[one], marks[other]]
    if (!first || !second) continue
    if (first === second) throw refuse(`${one} and ${other} are the same`)
    if (first.includes(second)) throw refuse(`the ${one} contains the ${other}`)
  }
  const { delimiter, comment } = marks
  if (comment && delimiter?.startsWith(comment)) {
    throw refuse('the delimiter begins with what begins a comment')
  }
}

type Refuse = (problem: string) => Error

/** An unquoted text with a delimiter or a quote in it could never be met. */
function checkNulls(
  { null: texts = [], delimiter, quote = '"' }: CsvOptions,
  refuse: Refuse,
): void {
  for (const text of [texts].flat()) {
    for (const [name, mark] of Object.entries({ delimiter, quote })) {
      if (mark && text.includes(mark)) throw refuse(`the text for NULL contains the ${name}`)
    }
  }
}

function checkValues(format: CsvOptions, refuse: Refuse): void {
  const { decimal, thousands, quote = '"', columns } = format
  if (thousands !== undefined && thousands === decimal) {
    const ways = 'for 1.234,5 say `--decimal , --thousands .`, for 1,234.5 `--thousands ,`'
    throw refuse(`\`--decimal\` and \`--thousands\` are both "${thousands}": ${ways}`)
  }
  if (thousands !== undefined && thousands === quote) {
    throw refuse(`\`--thousands\` and \`--quote\` are both ${quote}: change the quote`)
  }
  const lower = (words: string[] = []) => words.map((word) => word.trim().toLowerCase())
  const both = lower(format.true).find((word) => lower(format.false).includes(word))
  if (both !== undefined) throw refuse(`${JSON.stringify(both)} is a word for true and for false`)
  const nulls = new Set([format.null ?? []].flat())
  const word = [...(format.true ?? []), ...(format.false ?? [])].find((each) => nulls.has(each))
  if (word !== undefined) throw refuse(`${JSON.stringify(word)} is a boolean and NULL`)
  if (columns?.every((name) => name.trim() === '')) throw refuse('columns has no name')
}
