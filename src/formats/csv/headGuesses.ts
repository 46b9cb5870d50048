/** What is told of guesses about the first lines of a file: a wrong one costs names, or rows. */

import { type Note, noteOf } from '../../errors/notes.ts'
import type { Dialect } from './dialect.ts'
import type { CsvOptions } from './options.ts'
import { namesIn } from './sniff/names.ts'

const shownMax = 10
const shownCharsMax = 40

/** @param records those of the header */
export function headGuesses(
  { dialect, records }: { dialect: Dialect; records: readonly Buffer[] },
  format: CsvOptions,
  file: string,
): Note[] {
  const { header, headerRows = 1, skipRows: count = 0, names } = dialect
  const isOpen = format.header === undefined
  const hasNames = header || !isOpen || names !== undefined
  return [
    ...(hasNames ? [] : [noteOf('no_header', { file })]),
    ...(isOpen && names ? headerLeftOut(records, dialect, file) : []),
    ...(isOpen && !names && headerRows > 1
      ? [noteOf('header_rows', { file, count: headerRows })]
      : []),
    ...(count > 0 && format.skipRows === undefined
      ? [noteOf('lines_skipped', { file, ...linesAs(count), count })]
      : []),
  ]
}

/** Names are given, so what was taken for those of the file is nowhere else to be seen. */
function headerLeftOut(records: readonly Buffer[], dialect: Dialect, file: string): Note[] {
  const [first] = records
  if (!first) return []
  const values = namesIn(first, dialect)
  const shown = values.slice(0, shownMax).map((value) => value.slice(0, shownCharsMax))
  const list = shown.join(', ') + (values.length > shown.length ? ', …' : '')
  const count = records.length
  const what = count === 1 ? 'first record' : `first ${count} records`
  const params = { file, what, was: count === 1 ? 'was' : 'were', list, count }
  return [noteOf('header_left_out', params)]
}

const linesAs = (count: number) =>
  count === 1
    ? { lines: 'first line', was: 'was', what: 'a title or a comment', they: 'it is' }
    : { lines: `first ${count} lines`, was: 'were', what: 'titles or comments', they: 'they are' }
