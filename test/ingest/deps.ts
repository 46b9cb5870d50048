/** What activities need when a test calls them itself. */
import type { Deps } from '../../activities/index.ts'
import { createLog } from '../../src/log.ts'
import type { Stage } from '../../src/stage/stage.ts'
import type { Built } from '../helper.ts'

export const testDeps = (it: Built, stage: Stage = it.stage): Deps => ({
  db: it.db,
  stage,
  sourceRoots: [it.folder],
  worker: 'test',
  steps: new Map(),
  log: createLog('error', 'json'),
  leaving: new AbortController().signal,
  progress: () => {},
})
