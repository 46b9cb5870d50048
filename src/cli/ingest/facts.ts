/** A dialect for people: what it says, where that comes from, and the flag that sets it. */
import type { Format } from '../../domain/format.ts'
import type { Dialect } from '../../domain/words.ts'

export interface Fact {
  what: string
  value: string
  /** `usual`: neither given nor seen in the bytes. */
  from: 'given' | 'sniffed' | 'usual'
  /** Null for what the bytes alone decide. */
  flag: string | null
}

/** Only what is out of the ordinary, or was given, but delimiter, quote, line end and header. */
export function factsOf(dialect: Dialect, format: Format): Fact[] {
  const { delimiter, quote, escape, newline, header, headerRows = 1, skipRows = 0 } = dialect
  const sniffed = (key: keyof Format): Fact['from'] =>
    format[key] === undefined ? 'sniffed' : 'given'
  const doubled = quote === '' || escape === quote
  const facts: (Fact | false)[] = [
    fact('delimiter', shown(delimiter), sniffed('delimiter'), '--delimiter'),
    fact('quote', quote === '' ? 'none' : shown(quote), sniffed('quote'), '--quote'),
    !doubled && fact('escape', shown(escape), sniffed('escape'), '--escape'),
    fact('line end', shown(newline), 'sniffed', null),
    (skipRows > 0 || format.skipRows !== undefined) &&
      fact('titles', `${count(skipRows, 'line')} in front`, sniffed('skipRows'), '--skip-rows'),
    fact('header', headerWords(header, headerRows), sniffed('header'), '--header, --no-header'),
    ...factsOfRows(dialect),
    ...factsOfValues(dialect, sniffed),
  ]
  return facts.filter((each) => each !== false)
}

function factsOfRows(dialect: Dialect): (Fact | false)[] {
  const { names, skipFooter = 0, comment, ragged, nullText, nullWords = [] } = dialect
  const nulls = [nullText, ...nullWords]
  const nullFrom = nullText === '' && nullWords.length === 0 ? 'usual' : 'given'
  return [
    names !== undefined && fact('names', count(names.length, 'name'), 'given', '--columns'),
    skipFooter > 0 &&
      fact('footer', `${count(skipFooter, 'record')} at the end`, 'given', '--skip-footer'),
    comment !== undefined && fact('comments', `after ${shown(comment)}`, 'given', '--comment'),
    ragged !== undefined && fact('ragged', ragged, 'given', '--ragged'),
    fact('null', nulls.map(shown).join(', '), nullFrom, '--null'),
  ]
}

function factsOfValues(
  { decimal, thousands, dates, trueWords, falseWords }: Dialect,
  sniffed: (key: keyof Format) => Fact['from'],
): (Fact | false)[] {
  return [
    decimal !== undefined && fact('decimals', shown(decimal), sniffed('decimal'), '--decimal'),
    thousands !== undefined &&
      fact('thousands', shown(thousands), sniffed('thousands'), '--thousands'),
    dates !== undefined && fact('dates', dates, sniffed('dates'), '--dates'),
    trueWords !== undefined && fact('true', trueWords.map(shown).join(', '), 'given', '--true'),
    falseWords !== undefined && fact('false', falseWords.map(shown).join(', '), 'given', '--false'),
  ]
}

const fact = (what: string, value: string, from: Fact['from'], flag: string | null): Fact => ({
  what,
  value,
  from,
  flag,
})

const shown = (text: string): string => JSON.stringify(text)

const count = (number: number, what: string): string =>
  `${number} ${what}${number === 1 ? '' : 's'}`

function headerWords(header: boolean, rows: number): string {
  if (!header) return 'none'
  return rows === 1 ? 'the first record' : `the first ${rows} records`
}
