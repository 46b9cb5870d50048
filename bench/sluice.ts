/**
 * Sluice as a contender: a real worker process, from the start of the workflow to its end, which
 * comes right after the ledger says `completed`. Waiting for it costs nobody any work, as asking
 * the ledger all the time would.
 */
import { dirname, join } from 'node:path'
import { fullSpec } from '../src/domain/spec.ts'
import { parseTableName, showTable } from '../src/domain/table.ts'
import { enterIngest, viewIngest } from '../src/postgres/ingests.ts'
import { startIngest } from '../src/temporal/ingests.ts'
import type { Arena, Contender, Turn } from './contender.ts'
import { tellPhases } from './phases.ts'
import type { Stack } from './stack.ts'
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
    load: () => ingest(stack, { ingestId, table, path: rows.path }),
    async after() {
      const told = await tellPhases(stack.client, ingestId)
      const peakRssBytes = await worker.peakRssBytes()
      await worker.stop()
      return { peakRssBytes, told }
    },
  }
}

async function ingest(
  { db, client }: Stack,
  { ingestId, table, path }: { ingestId: string; table: string; path: string },
): Promise<void> {
  const source = { kind: 'directory', path } as const
  const spec = fullSpec({ source, target: { table }, queue: ingestId })
  const target = showTable(parseTableName(table))
  await enterIngest(db, { ingestId, spec, target })
  await startIngest(client, { ingestId, spec, target, attributes: true })
  await client.workflow.getHandle(ingestId).result()
  const { state, error, rowsRejected } = await viewIngest(db, ingestId)
  if (state === 'completed' && rowsRejected === 0) return
  throw new Error(`${ingestId} is ${state}, ${rowsRejected} rejected: ${JSON.stringify(error)}`)
}
