/** What workers are looked at and commanded with. */
import type { Client } from '@temporalio/client'
import type { Logger } from '../log.ts'
import type { Db } from '../postgres/db.ts'
import type { Listener } from '../postgres/listener.ts'

export interface FleetDeps {
  db: Db
  /** Hears of answers at once; without it they are seen a moment later. */
  listener?: Listener
  /** For tests: how long it waits for an answer before it looks, if it hears nothing. */
  lookMs?: number
  temporal: Client
  log: Logger
}
