/** Tells of the text that `--ragged trim` and `fit` dropped: what no table and no reject has. */

import type { Counts, Dialect } from '../../src/domain/words.ts'
import { type Note, noteOf } from '../../src/errors/notes.ts'
import { TrimCount } from '../../src/formats/csv/trimmed.ts'
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
interface Moved {
  unitNo: number
  raw: Buffer
  /** The dialect of its unit, and the columns of the fields. */
  dialect: Dialect
  fields: readonly string[]
}

/** Counts records that have come into the table (`by` is 1), or have left it (-1). */
export async function correctTrimmed(
  tx: Connection,
  ingestId: string,
  moved: readonly Moved[],
  by: 1 | -1,
): Promise<void> {
  const cut = moved.filter(({ dialect }) => dialect.ragged)
  if (cut.length === 0) return
  const before = await readTrimmed(tx, ingestId, [...new Set(cut.map(({ unitNo }) => unitNo))])
  const counts = new Map([...before].map(([unitNo, some]) => [unitNo, new TrimCount(some)]))
  for (const { unitNo, raw, dialect, fields } of cut) {
    counts.get(unitNo)?.countRecord(raw, dialect, { width: fields.length, by })
  }
  const after = new Map([...counts].map(([unitNo, count]) => [unitNo, count.total()]))
  await writeTrimmed(tx, ingestId, after)
}
