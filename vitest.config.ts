/** Tests run in processes: the native part of the worker breaks in threads. */
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The files that take longest: one of them that begins late is alone at the end. */
const longest = [
  'ingest/control',
  'steps/steps',
  'worker/deadWorkers',
  'ingest/killObjects',
  'ingest/killVerbs',
  'cli/up',
  'api/workers',
  'ingest/passing',
  's3/list',
  'ingest/kill',
  'cli/inspect',
  'deploy/image',
  'ingest/zombie',
  'chaos/matrix',
  'ingest/unlogged',
  'ingest/fromPostgres',
  'cli/signals',
  'ingest/failover',
  'ingest/archives',
  'ingest/poison',
  'api/waiting',
  'ingest/packed',
  'ingest/steerOrder',
  'dev/postgres',
  'formats/jsonPlain',
  'ingest/s3Stage',
]

/** A clone that has run no tests yet cannot know how long they take; Vitest goes by size then. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = ({ moduleId, project }: TestSpecification) => {
      const found = longest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`))
      if (found >= 0) return found
      // Together: a process is shared as long as the next file shares it.
      return longest.length + (project.name === 'shared' ? 1 : 0)
    }
    return sorted.toSorted((one, other) => rank(one) - rank(other))
  }
}

/**
 * A process each: files that change what all of a process share (the table of formats, the runtime of
 * the SDK, the environment), that count what a process does, or that hold its thread.
 *
 * All others take turns in three processes, so that the product and its packages are loaded three
 * times, not once a file.
 */
const alone = [
  'test/{bench,formats/lines,replay,workflows}/**/*.test.ts',
  'test/settings.test.ts',
  'test/api/{bounds,burst,patience}.test.ts',
  'test/deploy/image.test.ts',
]

const common = {
  pool: 'forks',
  setupFiles: 'test/seed.ts',
  // Two cores, and much of the time is spent waiting for heartbeats that do not come.
  maxWorkers: 3,
  // Within a file: test/ingest/killVerbs.test.ts waits, six times, for a heartbeat that does not come.
  maxConcurrency: 6,
  testTimeout: 180_000,
  hookTimeout: 120_000,
} as const

export default defineConfig({
  test: {
    globalSetup: ['test/setup.ts'],
    sequence: { sequencer: LongestFirst },
    maxWorkers: common.maxWorkers,
    projects: [
      {
        test: {
          ...common,
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: alone,
          isolate: false,
        },
      },
      { test: { ...common, name: 'alone', include: alone } },
    ],
  },
})
