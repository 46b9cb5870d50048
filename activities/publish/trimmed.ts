/** Tells what `--ragged` did to rows: text that it dropped, and fields that it filled with NULL. */

import { type Ragged, TrimCount } from '../../src/domain/trimCount.ts'
import type { Counts } from '../../src/domain/words.ts'
import { type Note, noteOf } from '../../src/errors/notes.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { addNotes } from '../../src/postgres/ledger/notes.ts'
import { readTrimmed, sumTrimmed, writeTrimmed } from '../../src/postgres/ledger/trimmed.ts'

/** In so many of the rows a field has text for which there is no column: it is a column. */
const nearlyAll = 0.9

export async function noteTrimmed(
  tx: Connection,
  ingestId: string,
  { rowsLoaded }: Pick<Counts, 'rowsLoaded'>,
): Promise<void> {
  const { rows, fields, padded = 0 } = await sumTrimmed(tx, ingestId)
  if (padded > 0) await addNotes(tx, ingestId, [noteOf('rows_padded', { count: padded })])
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

/** A record that was loaded after all, or that has become a reject. */
export interface Moved {
  unitNo: number
  ragged: Ragged
  /** How many columns it has. */
  width: number
}

/** Counts records that have come into the table (`by` is 1), or have left it (-1). */
export async function correctTrimmed(
  tx: Connection,
  ingestId: string,
  moved: readonly Moved[],
  by: 1 | -1,
): Promise<void> {
  const cut = moved.filter(({ ragged }) => ragged.isPadded || ragged.dropped.length > 0)
  if (cut.length === 0) return
  const before = await readTrimmed(tx, ingestId, [...new Set(cut.map(({ unitNo }) => unitNo))])
  const counts = new Map([...before].map(([unitNo, some]) => [unitNo, new TrimCount(some)]))
  for (const { unitNo, ragged, width } of cut) {
    counts.get(unitNo)?.countRow(ragged, width, by)
  }
  const after = new Map([...counts].map(([unitNo, count]) => [unitNo, count.total()]))
  await writeTrimmed(tx, ingestId, after)
}
