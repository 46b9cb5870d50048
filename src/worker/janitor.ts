/** The part of a worker in the janitor: its schedule, its mark in the stage, its look at Temporal. */
import { janitorId } from '../domain/janitor.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Db } from '../postgres/db.ts'
import { readLedgerId } from '../postgres/ledger/settings.ts'
import { servedQueues } from '../postgres/ledger/workers.ts'
import type { Stage } from '../stage/stage.ts'
import { keepJanitor } from '../temporal/janitor.ts'
import type { LazyClient } from './client.ts'
import type { QueueWorkers } from './queueWorkers.ts'

interface Kept {
  db: Db
  client: LazyClient
  queueWorkers: QueueWorkers
  everyMs: number
  log: Logger
}

export function startKeeper({ db, client, queueWorkers, everyMs, log }: Kept): () => void {
  const look = async () => {
    const [ledger, served] = await Promise.all([readLedgerId(db), servedQueues(db)])
    const queue = queueWorkers.isDrained ? null : (queueWorkers.list()[0]?.queue ?? null)
    return {
      client: await client.get(),
      schedule: { id: janitorId(ledger), everyMs, queue, served },
    }
  }
  return keepJanitor({ look, everyMs, log })
}

/** Two ledgers in one stage must not take the folders of each other for leftovers. */
export async function claimStage(db: Db, stage: Stage, log: Logger): Promise<void> {
  try {
    await stage.claim(await readLedgerId(db))
  } catch (error) {
    log.warn({ event: 'stage' }, `the stage cannot be marked: ${messageOf(error)}`)
  }
}
