/** Tells of the text that `--ragged trim` and `fit` dropped: what no table and no reject has. */
import type { Counts } from '../../src/domain/words.ts'
import { type Note, noteOf } from '../../src/errors/notes.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { addNotes } from '../../src/postgres/ledger/notes.ts'
import { sumTrimmed } from '../../src/postgres/ledger/units.ts'

/** In so many of the rows a field has text for which there is no column: it is a column. */
const nearlyAll = 0.9

export async function noteTrimmed(
  tx: Connection,
  ingestId: string,
  { rowsLoaded }: Pick<Counts, 'rowsLoaded'>,
): Promise<void> {
  const { rows, fields } = await sumTrimmed(tx, ingestId)
  if (rows === 0) return
  const all = Object.entries(fields)
  const count = all.reduce((sum, [, some]) => sum + some, 0)
  const columns = all.filter(([, some]) => some >= rowsLoaded * nearlyAll)
  const notes: Note[] = [
    noteOf('text_trimmed', { fields: count, count: rows }),
    ...columns.map(([field, some]) =>
      noteOf('column_trimmed', { subject: `field ${field}`, field, rows: rowsLoaded, count: some }),
    ),
  ]
  await addNotes(tx, ingestId, notes)
}
