/** The progress of an ingest, read from the ledger until its end. */
import { setTimeout as sleep } from 'node:timers/promises'
import { databaseError } from '../../postgres/db.ts'
import { isOver, viewProgress } from '../../postgres/ledger/ingests.ts'
import type { ApiDeps } from '../deps.ts'
import { type Look, look, showNow } from './now.ts'
import type { IngestEvent } from './view.ts'

const lookEveryMs = 3000

/** A small ingest is over in a moment; a long one need not be asked so often. */
function pauseMs(sinceMs: number): number {
  if (sinceMs < 1000) return 50
  return sinceMs < 10_000 ? 200 : 500
}

/**
 * Yields a view whenever it has changed, the first one at once, and null when nothing is new. The
 * last one has ended, or has a problem: it will not go on by itself.
 * @throws ingest_not_found
 */
export async function* follow(
  deps: ApiDeps,
  ingestId: string,
  signal: AbortSignal,
): AsyncGenerator<IngestEvent | null> {
  const startMs = Date.now()
  const temporal = lookNowAndThen(deps, ingestId)
  let shown = ''
  while (!signal.aborted) {
    const view = await readOrWait(deps, ingestId)
    if (view) {
      const now = showNow(deps, view, isOver(view.state) ? null : temporal())
      const text = JSON.stringify(now)
      yield text === shown ? null : now
      if (isOver(view.state) || now.problem) return
      shown = text
    } else yield null
    await sleep(pauseMs(Date.now() - startMs), null, { signal }).catch(() => {})
  }
}

/** Asks Temporal in the background; gives what it said last. */
function lookNowAndThen(deps: ApiDeps, ingestId: string): () => Look {
  let last: Look = null
  let nextMs = Date.now() + lookEveryMs
  return () => {
    if (Date.now() >= nextMs) {
      nextMs = Date.now() + lookEveryMs
      void look(deps, ingestId).then((found) => {
        last = found
      })
    }
    return last
  }
}

/** A database that is away comes back; the ingest waits for it as well. */
async function readOrWait({ db }: ApiDeps, ingestId: string) {
  try {
    return await viewProgress(db, ingestId)
  } catch (error) {
    const known = databaseError(error)
    if (known.retryable) return null
    throw known
  }
}
