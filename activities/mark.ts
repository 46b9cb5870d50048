/** mark: shows in the ledger that an ingest is paused, or goes on. */
import { setPaused } from '../src/postgres/ingests.ts'
import { alive } from './alive.ts'
import type { Deps } from './deps.ts'

export const markPaused =
  ({ db }: Deps) =>
  async ({ ingestId, paused }: { ingestId: string; paused: boolean }): Promise<void> =>
    alive(() => setPaused(db, ingestId, paused))
