/** Tests run in processes of their own: the native part of the worker breaks in threads. */
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The files that take longest: one of them that begins late is alone at the end. */
const longest = [
  'api/workers',
  'ingest/poison',
  'chaos/matrix',
  'cli/up',
  'steps/example',
  'cli/inspect',
  'ingest/control',
  'ingest/killVerbs',
  'ingest/packed',
  'ingest/kill',
  'ingest/killBetween',
  'steps/steps',
  'deploy/image',
  'cli/commands',
  'dev/postgres',
  'worker/queues',
  'worker/replicas',
  'ingest/passing',
]

/** A clone that has run no tests yet cannot know how long they take; Vitest goes by size then. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = ({ moduleId }: TestSpecification) => {
      const found = longest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`))
      return found < 0 ? longest.length : found
    }
    return sorted.toSorted((one, other) => rank(one) - rank(other))
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup.ts'],
    pool: 'forks',
    // Two cores, and much of the time is spent waiting for heartbeats that do not come.
    maxWorkers: 3,
    // Within a file: test/ingest/killVerbs.test.ts waits, six times, for a heartbeat that does not come.
    maxConcurrency: 6,
    sequence: { sequencer: LongestFirst },
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
})
