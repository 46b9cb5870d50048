/** What activities need when a test calls them itself. */
import { randomUUID } from 'node:crypto'
import { Exclusive } from '../../activities/attempt/exclusive.ts'
import type { WorkerDeps } from '../../activities/index.ts'
import { unpackLimits } from '../../src/domain/unpack.ts'
import { createLog } from '../../src/log.ts'
import type { Stage } from '../../src/stage/stage.ts'
import type { Harness } from '../harness.ts'
import { sourceDeps } from '../sourceDeps.ts'

const { transport, connections } = sourceDeps()
const remote = { transport, connections }

export const testDeps = (harness: Harness, stage: Stage = harness.stage): WorkerDeps => ({
  db: harness.db,
  stage,
  sourceRoots: [harness.folder],
  ...remote,
  unpack: unpackLimits,
  worker: 'test',
  instance: randomUUID(),
  exclusive: new Exclusive(),
  steps: new Map(),
  log: createLog('error', 'json'),
  leaving: new AbortController().signal,
  workflowStatusOf: async () => 'open',
  startIngest: async () => {},
  progress: () => {},
  isRateLimited: async () => false,
})
