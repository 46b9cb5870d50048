/** What the activities work with; the worker makes it once. */
import type { Db } from '../src/postgres/db.ts'
import type { Stage } from '../src/stage/stage.ts'

export interface Deps {
  db: Db
  stage: Stage
  /** Who this worker is: its Temporal identity, kept in receipts. */
  worker: string
  /** Folders that directory sources may read. */
  sourceRoots: string[]
}
