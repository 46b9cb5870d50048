/** The ledger's table of notes. */
import type { Note, NoteCode } from '../../errors/notes.ts'
import type { Connection, Db } from '../db.ts'
import { withParts, withTable } from './ofParts.ts'

/** Writes notes. One of the same code about the same subject takes the place of the earlier one. */
export async function addNotes(
  db: Db | Connection,
  ingestId: string,
  notes: readonly Note[],
): Promise<void> {
  if (notes.length === 0) return
  const distinct = new Map(notes.map((note) => [JSON.stringify([note.code, note.subject]), note]))
  const values = JSON.stringify([...distinct.values()].map(storable))
  await db.query(
    `insert into sluice.notes
       (ingest_id, code, subject, message, hint, file, line, column_name, value, count)
     select $1, code, subject, message, hint, file, line, "column", value, count
     from jsonb_to_recordset($2::jsonb) as note
       (code text, subject text, message text, hint text, file text, line bigint, "column" text,
        value text, count bigint)
     on conflict (ingest_id, code, subject) do update
       set message = excluded.message, hint = excluded.hint, file = excluded.file,
           line = excluded.line, column_name = excluded.column_name, value = excluded.value,
           count = excluded.count`,
    [ingestId, values],
  )
}

/** Takes back what does not hold any more. */
export async function dropNotes(tx: Connection, ingestId: string, code: NoteCode): Promise<void> {
  await tx.query('delete from sluice.notes where ingest_id = $1 and code = $2', [ingestId, code])
}

/** PostgreSQL stores neither a NUL nor half of a surrogate pair: both become U+FFFD. */
const storable = (note: Note): Note =>
  Object.fromEntries(
    Object.entries(note).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.replace(/[\0\ud800-\udfff]/gu, '\ufffd') : value,
    ]),
  ) as unknown as Note

/**
 * The notes of an ingest in the order in which they were made, at most `limit`. Behind them are those of the
 * ingests of its targets, with the table.
 */
export async function readNotes(
  db: Db | Connection,
  ingestId: string,
  limit: number,
): Promise<Note[]> {
  const { rows } = await db.query(
    `select code, subject, ${withTable('message')} as message, hint, file, line,
            column_name as "column", value, count
     from sluice.notes join sluice.ingests i using (ingest_id)
     where ${withParts} order by i.target_no nulls first, note_no limit $2`,
    [ingestId, limit],
  )
  return rows
}
