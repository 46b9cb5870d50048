/** Sluice as a contender: a real worker process, and an ingest from its entry to its end. */
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Arena, Contender, Turn } from './contender.ts'
import { writeRows } from './data.ts'
import { type FileOrder, ingest, mustComplete } from './ingest.ts'
import { tellPhases } from './phases.ts'
import type { Stack } from './stack.ts'
import { dropTable, makeTable } from './tables.ts'
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

/** A worker runs for days: nobody waits for what it does once. */
const firstBytes = 1_000_000

/** Every turn gets a new worker, which has loaded a small file before: its peak of memory is its own. */
async function prepare({ stack, rows, options }: Arena, table: string): Promise<Turn> {
  const { concurrency, cpuProf } = options
  const ingestId = `${table}-${Date.now()}`
  const worker = await startWorker(stack, {
    queue: ingestId,
    concurrency,
    sources: dirname(rows.path),
    profiles: cpuProf ? profilesFolder : null,
  })
  await loadFirst(stack, {
    ingestId: `${ingestId}-first`,
    table: `${table}_first`,
    queue: ingestId,
    path: `${rows.path}.first`,
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

async function loadFirst(stack: Stack, order: FileOrder): Promise<void> {
  await writeRows(order.path, firstBytes)
  mustComplete(await ingest(stack, order))
  await dropTable(stack.db, order.table)
  await rm(order.path)
}
