/** Tests run in processes of their own: the native part of the worker breaks in threads. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup.ts'],
    pool: 'forks',
    // Two cores, and much of the time is spent waiting for heartbeats that do not come.
    maxWorkers: 3,
    // Within a file: test/ingest/killVerbs.test.ts waits, six times, for a heartbeat that does not come.
    maxConcurrency: 6,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
