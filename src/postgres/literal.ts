/** Texts in SQL that has no parameters. */
import pg from 'pg'

/** A text as SQL. */
export const literal = (text: string | null): string =>
  text === null ? 'null' : pg.escapeLiteral(text)
