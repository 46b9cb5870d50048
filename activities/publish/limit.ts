/** Whether an ingest has too many rejects to be published, and what they probably come from. */
import { rejectsAllowed } from '../../src/domain/limits.ts'
import type { FullSpec } from '../../src/domain/spec.ts'
import type { Counts } from '../../src/domain/words.ts'
import { likelyCause } from '../../src/errors/likely.ts'
import { type SluiceError, sluiceError } from '../../src/errors.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { firstReject, sampleRejects } from '../../src/postgres/ledger/rejects.ts'

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
  if (max !== null) {
    if (rejected <= (rejectsAllowed(max, read) ?? read)) return null
    const first = await firstReject(tx, ingestId)
    return sluiceError('rejects_over_max', { rejected, read, max, first })
  }
  if (rejected * 2 <= read) return null
  const first = await firstReject(tx, ingestId)
  const likely = likelyCause(await sampleRejects(tx, ingestId))
  return rowsLoaded + rowsSkipped === 0
    ? sluiceError('every_row_rejected', { rejected, first, likely })
    : sluiceError('most_rows_rejected', { rejected, read, first, likely })
}
