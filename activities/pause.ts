/** mark: shows in the ledger that an ingest is paused, or goes on. */
import { setPaused } from '../src/postgres/ledger/pause.ts'
import { alive, type VerbInput } from './attempt/alive.ts'
import { untilTaken } from './attempt/failure.ts'
import type { Deps } from './deps.ts'

export const markPaused =
  (deps: Deps) =>
  async (input: VerbInput & { paused: boolean }): Promise<void> =>
    alive(deps, input, () => untilTaken(() => setPaused(deps.db, input.ingestId, input.paused)))
