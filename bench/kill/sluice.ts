/** Sluice: a worker is killed, another one is started, and that is all. */
import { dirname } from 'node:path'
import { ingest, mustComplete } from '../ingest.ts'
import { type BenchWorker, startWorker } from '../worker.ts'
import type { Find } from './victim.ts'

export const sluiceVictims: Find = async ({ stack, rows, concurrency }) => [
  {
    name: 'sluice',
    label: 'Sluice, new table',
    rows,
    todo: () => 'nothing, where something starts workers again; else start one',
    async begin(table) {
      const ingestId = `${table}-${Date.now()}`
      const start = (no: number): Promise<BenchWorker> =>
        startWorker(stack, {
          queue: ingestId,
          concurrency,
          sources: dirname(rows.path),
          profiles: null,
          name: `${ingestId}-${no}`,
        })
      let worker = await start(1)
      return {
        load: async () => mustComplete(await ingest(stack, { ingestId, table, path: rows.path })),
        kill: () => worker.kill(),
        async again(loading) {
          worker = await start(2)
          await loading
        },
        close: () => worker.stop(),
      }
    },
  },
]
