/** mark: shows in the ledger that an ingest is paused, or goes on. */
import { setPaused } from '../src/postgres/ledger/pause.ts'
import type { Attempt, VerbInput } from './attempt/attempt.ts'
import { untilTaken } from './attempt/retry.ts'

export const markPaused = (
  { db }: Attempt,
  { ingestId, paused }: VerbInput & { paused: boolean },
): Promise<void> => untilTaken(() => setPaused(db, ingestId, paused))
