/** What a guess of types tells: columns that became text for a few values, and words that are NULL. */
import { type Note, noteOf } from '../errors/notes.ts'
import type { Guess, Nearly, NullWord } from './types.ts'
import { quotedText } from './visible.ts'
import type { Dialect } from './words.ts'

interface Told {
  dialect: Pick<Dialect, 'nullText' | 'nullWords'>
  fileOf: (fileNo: number) => string
}

type NamedGuess = Guess & { name: string }

/** One for each column at most. */
export function guessNotes(columns: readonly NamedGuess[], told: Told): Note[] {
  const rejecting = columns.filter(({ frozen }) => frozen.rejected > 0)
  const rejected = rejecting.reduce((sum, { frozen }) => sum + frozen.rejected, 0)
  // Values of several columns may stand in one row.
  const frozen = `${rejecting.length > 1 ? 'up to ' : ''}${counted(rejected, 'row')}`
  return columns.flatMap((guess) => {
    const { name: column, offset, nullWords } = guess
    if (offset) {
      const { fileNo, line, value, count } = offset
      const at = { file: told.fileOf(fileNo), line, value: quotedText(value) }
      return [{ ...noteOf('offset_is_text', { column, ...at, count }), value }]
    }
    if (guess.nearly) return [nearlyNote(guess, guess.nearly, { ...told, frozen })]
    return nullWords.length > 0 ? [wordsNote(guess, told)] : []
  })
}

/** @param told `frozen`: the rows that `--schema freeze` would reject, all columns together */
function nearlyNote(
  { name: column, frozen: { type: kept } }: NamedGuess,
  { type, odd, oddValues, words }: Nearly,
  { dialect, fileOf, frozen }: Told & { frozen: string },
): Note {
  const { fileNo, line, value, count } = odd
  const values = count === 1 ? '1 value is' : `${count} values are`
  const asNull = counted(countOf(words), 'more value')
  const also =
    words.length > 0 ? ` As ${type} it would have NULL for ${asNull}: ${list(words)}.` : ''
  const flag = oddValues?.every(mayBeNull) ? nullFlags(dialect, oddValues) : null
  const advice = [
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

function wordsNote({ name: column, type, nullWords }: NamedGuess, { dialect, fileOf }: Told): Note {
  const [first] = [...nullWords].sort((a, b) => a.fileNo - b.fileNo || a.line - b.line)
  const { fileNo = 0, line = 0, value = '' } = first ?? {}
  const count = countOf(nullWords)
  const was = nullWords.length === 1 ? 'was' : 'were'
  const flag = nullFlags(
    dialect,
    nullWords.map(({ word }) => word),
  )
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

/** What the dialect has stays. */
function nullFlags(
  { nullText, nullWords = [] }: Told['dialect'],
  words: readonly string[],
): string {
  const all = new Set([nullText, ...nullWords, ...words])
  return [...all].map((word) => `--null ${inShell(word)}`).join(' ')
}

const inShell = (text: string): string =>
  /^[A-Za-z0-9./_-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
