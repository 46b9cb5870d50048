/** Whether an ingest has too many rejects to be published, and what they likely come from. */
import { rejectsAllowed } from '../../src/domain/limits.ts'
import type { Counts } from '../../src/domain/words.ts'
import { likelyCause } from '../../src/errors/likely.ts'
import { noteOf } from '../../src/errors/notes.ts'
import { type SluiceError, sluiceError } from '../../src/errors.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { addNotes } from '../../src/postgres/ledger/notes.ts'
import { firstReject, sampleRejects } from '../../src/postgres/ledger/rejects.ts'
import type { FullSpec } from '../../src/spec/spec.ts'

/**
 * A limit of the spec holds alone. Without one more than half of the rows would be too many: then
 * the file was most likely read in a wrong way.
 * @param records data records that staging counted
 * @returns rejects_over_max, every_row_rejected, most_rows_rejected, or null
 */
export async function overLimit(
  tx: Connection,
  { ingestId, records }: { ingestId: string; records: number },
  { rejects: { max } }: FullSpec,
  counts: Required<Counts>,
): Promise<SluiceError | null> {
  const { rowsRejected: rejected, rowsLoaded, rowsSkipped } = counts
  if (rejected === 0) return null
  const read = Math.max(counts.rowsRead, records)
  const allowed = max === null ? read / 2 : (rejectsAllowed(max, read) ?? read)
  if (rejected <= allowed) return null
  const { first, likely } = await whyRejected(tx, ingestId)
  if (max !== null) return sluiceError('rejects_over_max', { rejected, read, max, first, likely })
  return rowsLoaded + rowsSkipped === 0
    ? sluiceError('every_row_rejected', { rejected, first, likely })
    : sluiceError('most_rows_rejected', { rejected, read, first, likely })
}

/** Names the flag that may mend what was rejected, if there is one. */
export async function noteLikely(
  tx: Connection,
  ingestId: string,
  { rowsRejected: count }: Pick<Counts, 'rowsRejected'>,
): Promise<void> {
  if (count === 0) return
  const { first, likely } = await whyRejected(tx, ingestId)
  if (!likely.includes('`--')) return
  const rows = count === 1 ? '1 row was' : `${count} rows were`
  await addNotes(tx, ingestId, [noteOf('rejects_likely', { rows, first, likely, count })])
}

const whyRejected = async (tx: Connection, ingestId: string) => ({
  first: await firstReject(tx, ingestId),
  likely: likelyCause(await sampleRejects(tx, ingestId)),
})
