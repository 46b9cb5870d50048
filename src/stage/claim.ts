/** Marks a stage with the ledger that uses it. */
import { messageOf, SluiceError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Stage } from './stage.ts'

/**
 * Two ledgers in one stage must not take the folders of each other for leftovers. A process
 * that cannot reach the stage can do nothing: it says so at its start, not in the first ingest.
 * @throws stage_refused, stage_unavailable
 */
export async function claimStage(stage: Stage, ledger: string, log: Logger): Promise<void> {
  try {
    await stage.claim(ledger)
  } catch (error) {
    if (error instanceof SluiceError) throw error
    log.warn({ event: 'stage' }, `the stage cannot be marked: ${messageOf(error)}`)
  }
}
