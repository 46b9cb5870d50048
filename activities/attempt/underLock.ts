/** A deed of an attempt that only one may do at a time, and that has the whole ingest. */
import type { Connection } from '../../src/postgres/db.ts'
import { type IngestEntry, lockIngest } from '../../src/postgres/ledger/ingests.ts'
import { alone } from '../../src/postgres/sessions.ts'
import type { Attempt } from './attempt.ts'

/**
 * Does it in one transaction, under the lock of the ingest, which an earlier attempt may still hold.
 * @param what names the deed: an earlier attempt at the same is ended if it does not let go
 * @throws ingest_not_found
 */
export const underLock = <T>(
  { db, signal }: Pick<Attempt, 'db' | 'signal'>,
  { ingestId, what }: { ingestId: string; what: string },
  work: (tx: Connection, entry: IngestEntry) => Promise<T>,
): Promise<T> => alone(db, { ingestId, what, signal }, (tx) => lockIngest(tx, ingestId), work)
