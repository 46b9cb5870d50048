/** The workflows of a worker. Only what Temporal may run is exported here. */
export { ingest } from './ingest.ts'
export { janitor } from './janitor.ts'
export { retryRejects } from './retry.ts'
export { ingestTargets } from './targets.ts'
export { undoIngest } from './undo.ts'
