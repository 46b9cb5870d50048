/** Marks a stage with the ledger that uses it. */
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Db } from '../postgres/db.ts'
import { readLedgerId } from '../postgres/ledger/settings.ts'
import type { Stage } from '../stage/stage.ts'

/** Two ledgers in one stage must not take the folders of each other for leftovers. */
export async function claimStage(db: Db, stage: Stage, log: Logger): Promise<void> {
  try {
    await stage.claim(await readLedgerId(db))
  } catch (error) {
    log.warn({ event: 'stage' }, `the stage cannot be marked: ${messageOf(error)}`)
  }
}
