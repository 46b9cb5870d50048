/** What workers are looked at and commanded with. */
import type { Client } from '@temporalio/client'
import type { Logger } from '../log.ts'
import type { Db } from '../postgres/db.ts'

export interface FleetDeps {
  db: Db
  temporal: Client
  log: Logger
}
