/** Sluice as a contender: a real worker process, and an ingest from its entry to its end. */
import { dirname, join } from 'node:path'
import type { Arena, Contender, Turn } from './contender.ts'
import { ingest, mustComplete } from './ingest.ts'
import { tellPhases } from './phases.ts'
import { makeTable } from './tables.ts'
import { startWorker } from './worker.ts'

export const profilesFolder = join(import.meta.dirname, 'results/profiles')

/** Into a table that does not exist: types from a sample, published by rename. */
export const sluiceNew = (arena: Arena): Contender => ({
  name: 'sluice',
  label: 'Sluice, new table',
  prepare: (table) => prepare(arena, table),
})

/** Into an empty table that exists: published by `insert … select`. */
export const sluiceAppend = (arena: Arena): Contender => ({
  name: 'append',
  label: 'Sluice, append to an existing table',
  async prepare(table) {
    await makeTable(arena.stack.db, table)
    return prepare(arena, table)
  },
})

/** Every turn gets a new worker: its peak of memory is that of one ingest. */
async function prepare({ stack, rows, options }: Arena, table: string): Promise<Turn> {
  const { concurrency, cpuProf } = options
  const ingestId = `${table}-${Date.now()}`
  const worker = await startWorker(stack, {
    queue: ingestId,
    concurrency,
    sources: dirname(rows.path),
    profiles: cpuProf ? profilesFolder : null,
  })
  return {
    workerPid: worker.pid,
    load: async () => mustComplete(await ingest(stack, { ingestId, table, path: rows.path })),
    async after() {
      const told = await tellPhases(stack.client, ingestId)
      const peakRssBytes = await worker.peakRssBytes()
      await worker.stop()
      return { peakRssBytes, told }
    },
  }
}
