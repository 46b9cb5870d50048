/** Tells of the text that `--ragged trim` and `fit` dropped: what no table and no reject has. */

import { TrimCount } from '../../src/domain/trimCount.ts'
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

/** A record that was loaded after all, or that has become a reject. */
export interface Moved {
  unitNo: number
  /** How long each text is that is dropped behind its last column, and how many columns it has. */
  dropped: number[]
  width: number
}

/** Counts records that have come into the table (`by` is 1), or have left it (-1). */
export async function correctTrimmed(
  tx: Connection,
  ingestId: string,
  moved: readonly Moved[],
  by: 1 | -1,
): Promise<void> {
  const cut = moved.filter(({ dropped }) => dropped.length > 0)
  if (cut.length === 0) return
  const before = await readTrimmed(tx, ingestId, [...new Set(cut.map(({ unitNo }) => unitNo))])
  const counts = new Map([...before].map(([unitNo, some]) => [unitNo, new TrimCount(some)]))
  for (const { unitNo, dropped, width } of cut) {
    counts.get(unitNo)?.count(dropped, width, by)
  }
  const after = new Map([...counts].map(([unitNo, count]) => [unitNo, count.total()]))
  await writeTrimmed(tx, ingestId, after)
}
