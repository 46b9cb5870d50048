/** The rows of a table or a query as an unfolded file: a line with its columns, then COPY text. */

import { headLine } from '../domain/unfolded.ts'
import { type Note, noteOf } from '../errors/notes.ts'
import { merged } from '../io/merged.ts'
import { fieldsOf, type Relation, selectsOf } from './relation.ts'
import { type Database, openSession, type SourceSession } from './session.ts'
import { type SourceColumn, typesOf } from './types.ts'

export interface Reading {
  database: Database
  relation: Relation
  /** What the rows are called in notes. */
  file: string
  /** How many sessions read side by side, at most. */
  sessions: number
  signal: AbortSignal
  /** Which types that people have made there are where the rows go. */
  knownTypes(types: readonly string[]): Promise<ReadonlySet<string>>
}

/**
 * All rows of one snapshot, however many sessions read them; a caller that ends early ends them.
 * @throws source_database_unavailable, source_database_refused
 */
export async function* readRows(reading: Reading): AsyncGenerator<Buffer> {
  const { database, relation, signal } = reading
  signal.throwIfAborted()
  const first = await openSession(database)
  const sessions = [first]
  const end = () => {
    for (const session of sessions) session.destroy()
  }
  signal.addEventListener('abort', end)
  try {
    const fields = await fieldsOf(first, relation)
    yield headOf(reading, await typesOf(first, fields))
    const selects = await selectsOf(first, relation, fields)
    const more = Math.min(reading.sessions, selects.length) - 1
    if (more > 0) sessions.push(...(await openMore(first, database, more)))
    signal.throwIfAborted()
    yield* merged(sessions.map((session) => linesOf(session, selects)))
    signal.throwIfAborted()
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', end)
    end()
  }
}

/** Each session takes the next statement when it is done with one. */
async function* linesOf(session: SourceSession, selects: string[]): AsyncGenerator<Buffer> {
  for (let next = selects.shift(); next !== undefined; next = selects.shift()) {
    yield* session.lines(next)
  }
}

/** A server that has no room for so many sessions is read by fewer. */
async function openMore(
  first: SourceSession,
  database: Database,
  count: number,
): Promise<SourceSession[]> {
  const snapshot = await first.snapshot()
  const opened = await Promise.allSettled(
    Array.from({ length: count }, () => openSession(database, snapshot)),
  )
  return opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
}

async function headOf(
  { file, knownTypes }: Reading,
  columns: readonly SourceColumn[],
): Promise<Buffer> {
  const own = columns.flatMap((column) => column.own ?? [])
  const known = own.length > 0 ? await knownTypes(own) : new Set<string>()
  const isKnown = ({ own: type }: SourceColumn) => type !== null && known.has(type)
  const notes: Note[] = columns.flatMap((column) =>
    column.own === null || isKnown(column)
      ? []
      : [
          noteOf('type_not_here', {
            file,
            column: column.name,
            own: column.own,
            type: column.type,
          }),
        ],
  )
  const found = columns.map((column) => ({
    name: column.name,
    type: isKnown(column) ? (column.own as string) : column.type,
  }))
  return Buffer.from(headLine(found, notes))
}
