/** What a guess of types tells: columns that became text for a few values, and words that are NULL. */
import { type Note, noteOf } from '../errors/notes.ts'
import type { ValueTerms } from './columnValues.ts'
import { isSameName } from './names.ts'
import { commentMark, isTotal, isTypeWord, isUnit } from './oddRows.ts'
import type { Given } from './rejected.ts'
import { nullFlags } from './shellWords.ts'
import type { Found, Guess, Nearly, NullWord } from './types.ts'
import { quotedText } from './visible.ts'

interface Told {
  terms: Pick<ValueTerms, 'nulls' | 'headerRows'>
  /** What the spec says of how files are read: it is not advised again. */
  given: Given
  fileOf: (fileNo: number) => string
}

type NamedGuess = Guess & { name: string }

/** One for each column at most. */
export function guessNotes(columns: readonly NamedGuess[], told: Told): Note[] {
  const rejecting = columns.filter(({ frozen }) => frozen.rejected > 0)
  const rejected = rejecting.reduce((sum, { frozen }) => sum + frozen.rejected, 0)
  // Values of several columns may stand in one row.
  const frozen = `${rejecting.length > 1 ? 'up to ' : ''}${counted(rejected, 'row')}`
  return columns.flatMap((guess, at) => {
    const { name: column, offset, nullWords } = guess
    if (offset) {
      const { fileNo, line, value, count } = offset
      const at = { file: told.fileOf(fileNo), line, value: quotedText(value) }
      return [{ ...noteOf('offset_is_text', { column, ...at, count }), value }]
    }
    if (guess.nearly)
      return [nearlyNote(guess, guess.nearly, { ...told, frozen, isFirst: at === 0 })]
    return nullWords.length > 0 ? [wordsNote(guess, told)] : []
  })
}

/**
 * @param told `frozen`: the rows that `--schema freeze` would reject, all columns together;
 *   `isFirst`: a line that begins with such a value may be a comment
 */
function nearlyNote(
  { name: column, frozen: { type: kept } }: NamedGuess,
  { type, odd, oddValues, words }: Nearly,
  { terms, given, fileOf, frozen, isFirst }: Told & { frozen: string; isFirst: boolean },
): Note {
  const { fileNo, line, value, count } = odd
  const values = count === 1 ? '1 value is' : `${count} values are`
  const asNull = counted(countOf(words), 'more value')
  const also =
    words.length > 0 ? ` As ${type} it would have NULL for ${asNull}: ${list(words)}.` : ''
  const sign = signOf(odd, column, { terms, given, isFirst })
  const flag =
    !sign && given.null !== null && oddValues?.every(mayBeNull)
      ? nullFlags([...terms.nulls, ...oddValues])
      : null
  const advice = [
    ...(sign ? [sign] : []),
    ...(flag
      ? [
          `If ${said(oddValues ?? [])} NULL, say \`${flag}\`; then it is NULL in columns of text, too.`,
        ]
      : []),
    kept === 'text'
      ? 'To keep the type, make the table yourself: what does not fit is a reject then.'
      : `With \`--schema freeze\` it is ${kept}, and ${frozen} of the ingest would be rejected.`,
  ].join(' ')
  const at = { file: fileOf(fileNo), line, value: quotedText(value) }
  return {
    ...noteOf('column_became_text', { column, ...at, values, type, also, advice, count }),
    value,
  }
}

/** What a value among those of a type says of its whole row. */
function signOf(
  { value, count, line }: Found,
  column: string,
  { terms, given, isFirst }: Pick<Told, 'terms' | 'given'> & { isFirst: boolean },
): string | null {
  const isOpen = (option: string) => given[option] === undefined
  if (isSameName(value, column)) {
    return isOpen('repeatedHeaders')
      ? 'If the header comes again there, say `--repeated-headers reject`.'
      : null
  }
  const mark = isFirst ? commentMark(value) : null
  if (mark) return isOpen('comment') ? `If that is a comment, say \`--comment '${mark}'\`.` : null
  if (count > 1) return null
  if (isTotal(value) && isOpen('skipFooter')) {
    return 'If that is the last line, with totals, say `--skip-footer 1`.'
  }
  if (isTypeWord(value) && isOpen('skipRows') && isOpen('columns')) {
    return `If that is a line of types, say \`--skip-rows ${line} --no-header\`, and name the fields with \`--columns\`.`
  }
  const mayHaveMore = terms.headerRows === 1 && isOpen('header') && isOpen('columns')
  return isUnit(value) && mayHaveMore
    ? 'If that is a second line of the header, with units, say `--header 2`.'
    : null
}

function wordsNote({ name: column, type, nullWords }: NamedGuess, { terms, fileOf }: Told): Note {
  const [first] = [...nullWords].sort((a, b) => a.fileNo - b.fileNo || a.line - b.line)
  const { fileNo = 0, line = 0, value = '' } = first ?? {}
  const count = countOf(nullWords)
  const was = nullWords.length === 1 ? 'was' : 'were'
  const flag = nullFlags([...terms.nulls, ...nullWords.map(({ word }) => word)])
  const values = counted(count, 'value')
  const at = { column, type, file: fileOf(fileNo), line, count }
  return { ...noteOf('null_words', { ...at, words: list(nullWords), was, values, flag }), value }
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

const countOf = (words: readonly NullWord[]): number =>
  words.reduce((sum, word) => sum + word.count, 0)

const list = (words: readonly NullWord[]): string =>
  words.map(({ word }) => (word === '' ? 'a blank' : quotedText(word))).join(', ')

const oddWordsMax = 3

/** A word such as `n.v.`; with a digit it is rather a value that is written in another way. */
const mayBeNull = (text: string, _: number, all: readonly string[]): boolean =>
  all.length <= oddWordsMax && /^[^\d\r\n\0]{1,20}$/.test(text)

const said = (texts: readonly string[]): string =>
  `${texts.map(quotedText).join(', ')} ${texts.length === 1 ? 'means' : 'mean'}`
