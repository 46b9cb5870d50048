/** What the use cases work with: the ledger, the Temporal server, and the stage. */
import type { Client } from '@temporalio/client'
import type { Logger } from '../log.ts'
import type { Db } from '../postgres/db.ts'
import type { Listener } from '../postgres/listener.ts'
import type { Settings } from '../settings.ts'
import type { Stage } from '../stage/stage.ts'

export interface IngestsDeps {
  db: Db
  temporal: Client
  stage: Stage
  /** Whether the Temporal server knows our search attributes. */
  attributes: boolean
  /** The address of the Temporal Web UI; null when it was not given. */
  uiUrl: string | null
  namespace: string
  /** Routes and time limits that hold for every ingest. */
  settings: Pick<Settings, 'routes' | 'timeouts'>
  /** Hears of changes at once; without it they are seen a moment later. */
  listener?: Listener
  /** For tests: how long follow waits before it looks again, if it hears nothing. */
  lookMs?: number
  /** For tests: how long a server that is too busy is asked to start a workflow. */
  startPatienceMs?: number
  log: Logger
}
