/** What the schedule of the janitor goes by. */
import { janitorId } from '../../domain/janitor.ts'
import type { Db } from '../db.ts'
import { readLedgerId } from './settings.ts'
import { servedQueues } from './workers.ts'

export interface JanitorFacts {
  /** Names the schedule and its workflow. */
  id: string
  /** Task queues that living workers serve: it needs one of them. */
  served: Set<string>
}

export async function readJanitorFacts(db: Db): Promise<JanitorFacts> {
  const [ledger, served] = await Promise.all([readLedgerId(db), servedQueues(db)])
  return { id: janitorId(ledger), served }
}
