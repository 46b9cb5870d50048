/**
 * Waits for the end of an ingest. The ledger says it, which is read when something of the ingest was
 * told. Where nobody listens Temporal tells the end: a call that the server answers when the workflow
 * has ended, so that the ledger is not asked again and again.
 */
import type { IngestsDeps } from './deps.ts'
import { follow } from './follow.ts'

/** More would be a burden for the servers; a client that comes then is answered at once. */
const waitingMax = 256
let waiting = 0

/** Returns when the ingest has ended, after `timeoutMs`, or when the signal aborts. */
export async function awaitEnd(
  deps: IngestsDeps,
  ingestId: string,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<void> {
  if (waiting >= waitingMax || signal.aborted) return
  waiting++
  const enough = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  try {
    if (deps.listener?.isListening) await endInLedger(deps, ingestId, enough)
    else await endInTemporal(deps, ingestId, enough)
  } finally {
    waiting--
  }
}

/** What is followed ends by itself. */
async function endInLedger(deps: IngestsDeps, ingestId: string, signal: AbortSignal) {
  for await (const _ of follow(deps, ingestId, signal));
}

async function endInTemporal(
  { temporal, log }: IngestsDeps,
  ingestId: string,
  signal: AbortSignal,
) {
  try {
    const handle = temporal.workflow.getHandle(ingestId)
    await temporal.withAbortSignal(signal, () => handle.result())
  } catch (error) {
    // An ingest that failed has ended too; the ledger has the last word on all of them.
    log.debug({ event: 'awaited', ingestId }, `${ingestId}: ${String(error)}`)
  }
}
