/**
 * Waits for the end of an ingest, as Temporal tells it: a call that the server answers when the
 * workflow has ended. No connection to the database is held, nor is it asked again and again.
 */
import type { IngestsDeps } from './deps.ts'

/** More would be a burden for the server; whoever comes then is answered at once. */
const waitingMax = 256
let waiting = 0

/** Returns when the workflow has ended, after `timeoutMs`, or when the signal aborts. */
export async function awaitEnd(
  { temporal, log }: IngestsDeps,
  ingestId: string,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<void> {
  if (waiting >= waitingMax || signal.aborted) return
  waiting++
  const enough = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  try {
    const handle = temporal.workflow.getHandle(ingestId)
    await temporal.withAbortSignal(enough, () => handle.result())
  } catch (error) {
    // An ingest that failed has ended too; the ledger has the last word on all of them.
    log.debug({ event: 'awaited', ingestId }, `${ingestId}: ${String(error)}`)
  } finally {
    waiting--
  }
}
