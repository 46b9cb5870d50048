/** The first line of an unfolded file, which says which columns there are; see formats/unfolded.ts. */
import type { Note } from '../errors/notes.ts'

export interface UnfoldedColumn {
  name: string
  /** As the schema of the file has it, in the words of PostgreSQL. */
  type: string
  /** Other names that the schema has for it; none if absent. */
  aliases?: string[]
}

/** No text for people begins with it, so an unfolded file is never taken for one. */
const mark = '\x01'

export function headLine(columns: readonly UnfoldedColumn[], notes: readonly Note[]): string {
  // What is known of a column besides is nothing for the text.
  const told = columns.map(({ name, type, aliases }) => ({ name, type, aliases }))
  return `${mark}${JSON.stringify({ columns: told, notes })}\n`
}

/** @param line without its newline */
export const readHeadLine = (line: string): { columns: UnfoldedColumn[]; notes: Note[] } =>
  JSON.parse(line.slice(mark.length))
