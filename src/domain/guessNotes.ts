/** What a guess of types tells: columns that became text for a few values, and words that are NULL. */
import { type Note, noteOf } from '../errors/notes.ts'
import type { Guess, NullWord } from './types.ts'
import type { Dialect } from './words.ts'

interface Told {
  dialect: Pick<Dialect, 'nullText' | 'nullWords'>
  fileOf: (fileNo: number) => string
}

/** One for each column at most. */
export function guessNotes(
  columns: readonly (Guess & { name: string })[],
  { dialect, fileOf }: Told,
): Note[] {
  return columns.flatMap(({ name: column, type, nearly, nullWords, offset }) => {
    if (offset) {
      const { fileNo, line, value, count } = offset
      const at = { file: fileOf(fileNo), line, value: shown(value) }
      return [{ ...noteOf('offset_is_text', { column, ...at, count }), value }]
    }
    if (nearly) {
      const { fileNo, line, value, count } = nearly.odd
      const values = count === 1 ? '1 value is' : `${count} values are`
      const at = { file: fileOf(fileNo), line, value: shown(value) }
      const params = { column, ...at, values, type: nearly.type, count }
      return [{ ...noteOf('column_became_text', params), value }]
    }
    return nullWords.length > 0 ? [wordsNote(column, type, { nullWords, dialect, fileOf })] : []
  })
}

function wordsNote(
  column: string,
  type: string,
  { nullWords, dialect, fileOf }: Told & { nullWords: readonly NullWord[] },
): Note {
  const count = nullWords.reduce((sum, word) => sum + word.count, 0)
  const [first] = [...nullWords].sort((a, b) => a.fileNo - b.fileNo || a.line - b.line)
  const { fileNo = 0, line = 0, value = '' } = first ?? {}
  const words = nullWords.map(({ word }) => (word === '' ? 'a blank' : shown(word))).join(', ')
  const values = count === 1 ? '1 value' : `${count} values`
  const given = [dialect.nullText, ...(dialect.nullWords ?? []), ...nullWords.map(wordOf)]
  const flag = [...new Set(given)].map((word) => `--null ${inShell(word)}`).join(' ')
  const params = { column, type, words, values, file: fileOf(fileNo), line, count, flag }
  return { ...noteOf('null_words', params), value }
}

const wordOf = ({ word }: NullWord): string => word

/** A first value is kept in part only. */
const shown = (text: string): string => JSON.stringify(text)

const inShell = (text: string): string =>
  /^[A-Za-z0-9./_-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
