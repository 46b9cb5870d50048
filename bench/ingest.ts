/**
 * One ingest from the ledger's point of view, without the API: from before it is entered to the
 * end of its workflow, which comes right after the ledger says how it ended. Waiting for that costs
 * nobody any work, as asking the ledger all the time would.
 */
import type { Client } from '@temporalio/client'
import { parseTableName, showTable } from '../src/domain/table.ts'
import { enterIngest } from '../src/postgres/ledger/ingests.ts'
import { type IngestView, viewIngest } from '../src/postgres/ledger/views.ts'
import type { SourceOptions } from '../src/sources/index.ts'
import type { FormatSpec } from '../src/spec/format.ts'
import { fullSpec } from '../src/spec/spec.ts'
import type { Target } from '../src/spec/target.ts'
import { startIngest } from '../src/temporal/ingests.ts'
import type { Stack } from './stack.ts'

interface Work {
  ingestId: string
  table: string
  /** What cannot be seen of how the file is written; nothing if absent. */
  format?: FormatSpec
  /** What becomes of the rows that are there, and the like; a new table gets them if absent. */
  target?: Omit<Target, 'table'>
  /** That of its id when left out. */
  queue?: string
}

/** Of files of this machine, or of another source. */
export type Order = FileOrder | (Work & { source: SourceOptions })
export type FileOrder = Work & { path: string }

/** @returns how it ended, whatever that is */
export async function ingest({ db, client }: Stack, order: Order): Promise<IngestView> {
  const { ingestId, table, target: into, format, queue = ingestId } = order
  const source =
    'source' in order ? order.source : ({ kind: 'directory', path: order.path } as const)
  const spec = fullSpec({ source, target: { ...into, table }, queue, ...(format && { format }) })
  const target = showTable(parseTableName(table))
  await enterIngest(db, { ingestId, spec, target })
  await startIngest(client, { ingestId, spec, target, attributes: true })
  const failure = await client.workflow
    .getHandle(ingestId)
    .result()
    .then(
      () => null,
      (error: unknown) => error,
    )
  const view = await viewIngest(db, ingestId)
  if (failure !== null && view.endedAt === null) throw failure
  return view
}

/** Every row came in. */
export function mustComplete({ ingestId, state, error, rowsRejected }: IngestView): void {
  if (state === 'completed' && rowsRejected === 0) return
  throw new Error(`${ingestId} is ${state}, ${rowsRejected} rejected: ${JSON.stringify(error)}`)
}

/** The runs of its workflow, each of which continued as the next one, and their longest history. */
export async function chainOf(
  client: Client,
  ingestId: string,
): Promise<{ runs: number; eventsMax: number }> {
  let runs = 0
  let eventsMax = 0
  let runId: string | undefined
  do {
    const handle = client.workflow.getHandle(ingestId, runId)
    const { events } = await handle.fetchHistory()
    const last = Number(events?.at(-1)?.eventId ?? 0)
    runs++
    eventsMax = Math.max(eventsMax, last)
    // The last run is found first; each names the one before it.
    const started = events?.[0]?.workflowExecutionStartedEventAttributes
    runId = started?.continuedExecutionRunId || undefined
  } while (runId)
  return { runs, eventsMax }
}
