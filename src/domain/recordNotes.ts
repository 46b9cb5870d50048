/** What the scan of a whole file tells of its records: told of each file that is loaded. */
import { type Note, noteOf } from '../errors/notes.ts'
import type { FieldFacts } from './types.ts'
import type { FileShape } from './words.ts'

/** From this share of the records on quotes within fields are how the values are written. */
const usualShare = 0.1

export function recordNotes(file: string, shape: FileShape): Note[] {
  const { records = 0, odd = 0, empty = 0 } = shape.cuts.at(-1) ?? {}
  const notes: Note[] = []
  if (odd > 0) {
    const code = odd < records * usualShare ? 'quotes_are_text' : 'quotes_are_usual'
    const line = shape.firstOdd ?? 1
    notes.push(noteOf(code, { file, line, count: odd, records: counted(odd) }))
  }
  if (empty > 0) {
    const line = shape.firstEmpty ?? 1
    notes.push(noteOf('records_empty', { file, line, count: empty, records: counted(empty) }))
  }
  const last = unnamedLast(shape)
  if (last !== null && empty < records) {
    notes.push(noteOf('delimiter_ends_lines', { file, field: last }))
  }
  return notes
}

const counted = (count: number): string => (count === 1 ? '1 record' : `${count} records`)

/**
 * In a format with delimiters: the last field, where it has neither a name nor a value: nothing stands behind the last delimiter
 * of any line.
 */
function unnamedLast({ reading, header, width, types }: FileShape): number | null {
  if (!('delimiter' in reading)) return null
  const isUnnamed = header === null || (header[width - 1] ?? '').trim() === ''
  const facts = types?.[width - 1]
  return width > 1 && isUnnamed && facts && isWithoutValue(facts) ? width : null
}

const isWithoutValue = ({ tallies, isText }: FieldFacts): boolean =>
  !isText && tallies.every(([kind]) => kind === 'null')
