/** The progress of an ingest, read from the ledger until its end. */

import { setTimeout as sleep } from 'node:timers/promises'
import { isOver } from '../domain/words.ts'
import { databaseError } from '../postgres/db.ts'
import { viewProgress } from '../postgres/ledger/ingests.ts'
import { type Probe, probe, showCurrent } from './current.ts'
import type { IngestsDeps } from './deps.ts'
import type { IngestEvent } from './view.ts'

const probeEveryMs = 3000

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
  deps: IngestsDeps,
  ingestId: string,
  signal: AbortSignal,
): AsyncGenerator<IngestEvent | null> {
  const startMs = performance.now()
  const temporal = probeNowAndThen(deps, ingestId)
  let shown = ''
  while (!signal.aborted) {
    const view = await readOrWait(deps, ingestId)
    if (view) {
      const now = showCurrent(deps, view, isOver(view.state) ? null : temporal())
      const text = JSON.stringify(now)
      yield text === shown ? null : now
      if (isOver(view.state) || now.problem) return
      shown = text
    } else yield null
    await sleep(pauseMs(performance.now() - startMs), null, { signal }).catch(() => {})
  }
}

/** Asks Temporal in the background; gives what it said last. */
function probeNowAndThen(deps: IngestsDeps, ingestId: string): () => Probe {
  let last: Probe = null
  let nextMs = performance.now() + probeEveryMs
  return () => {
    if (performance.now() >= nextMs) {
      nextMs = performance.now() + probeEveryMs
      void probe(deps, ingestId).then((found) => {
        last = found
      })
    }
    return last
  }
}

/** A database that is away comes back; the ingest waits for it as well. */
async function readOrWait({ db }: IngestsDeps, ingestId: string) {
  try {
    return await viewProgress(db, ingestId)
  } catch (error) {
    const known = databaseError(error)
    if (known.retryable) return null
    throw known
  }
}
