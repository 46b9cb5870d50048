/** Whether an ingest has too many rejects to be published. */

import type { Outcomes } from '../../src/domain/counts.ts'
import { likelyCause } from '../../src/domain/likely.ts'
import { rejectsAllowed } from '../../src/domain/limits.ts'
import type { Counts } from '../../src/domain/words.ts'
import { type SluiceError, sluiceError } from '../../src/errors.ts'
import type { Connection } from '../../src/postgres/db.ts'
import type { IngestEntry } from '../../src/postgres/ledger/ingests.ts'
import { firstReject } from '../../src/postgres/ledger/rejects.ts'
import { rejectedIn, saidIn } from './likely.ts'

/** How many more rows may be rejects; less than 0 when there are too many. */
export function rejectsLeft(
  { records }: { records: number },
  { rejects: { max } }: IngestEntry['spec'],
  { rowsRead, rowsRejected }: Required<Pick<Counts, 'rowsRead' | 'rowsRejected'>>,
): number {
  const read = Math.max(rowsRead, records)
  return Math.floor(rejectsAllowed(max, read) ?? read / 2) - rowsRejected
}

/**
 * A limit of the spec holds alone. Without one more than half of the rows would be too many: then
 * the file was most likely read in a wrong way.
 * @param records data records that staging counted
 * @returns rejects_over_max, every_row_rejected, most_rows_rejected, or null
 */
export async function overLimit(
  tx: Connection,
  { ingestId, records }: { ingestId: string; records: number },
  entry: Pick<IngestEntry, 'spec' | 'reading'>,
  counts: Outcomes & Pick<Counts, 'rowsRead'>,
): Promise<SluiceError | null> {
  const { max } = entry.spec.rejects
  const { rowsRejected: rejected } = counts
  if (rejected === 0 || rejectsLeft({ records }, entry.spec, counts) >= 0) return null
  const read = Math.max(counts.rowsRead, records)
  const first = await firstReject(tx, ingestId)
  const likely = likelyCause(await rejectedIn(tx, ingestId), saidIn(entry))
  if (max !== null)
    return sluiceError('rejects_over_max', { ingestId, rejected, read, max, first, likely })
  return rejected === counts.rowsRead
    ? sluiceError('every_row_rejected', { ingestId, rejected, first, likely })
    : sluiceError('most_rows_rejected', { ingestId, rejected, read, first, likely })
}
