/** Records histories for the replay tests: `npm run record` writes them anew. */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Client } from '@temporalio/client'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'

/** Writes the history of the last run of an ingest, when recording was asked for. */
export async function recordHistory(client: Client, ingestId: string, name: string): Promise<void> {
  if (process.env.SLUICE_RECORD !== '1') return
  const handle = client.workflow.getHandle(ingestId)
  await handle.result().catch(() => {})
  const history = historyToJSON(await handle.fetchHistory())
    // Who and where it was is no matter here.
    .replaceAll(/"identity": "[^"]*"/g, '"identity": "worker"')
    .replaceAll(/"(workerInstanceKey|binaryChecksum)": "[^"]*"/g, '"$1": ""')
  const path = fileURLToPath(new URL(`./${name}.json`, import.meta.url))
  await writeFile(path, `${history}\n`)
}
