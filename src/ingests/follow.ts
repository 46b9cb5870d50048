/** The progress of an ingest, read from the ledger until its end. */
import { isOver } from '../domain/words.ts'
import { databaseError } from '../postgres/db.ts'
import { viewProgress } from '../postgres/ledger/views.ts'
import { type Probe, probe, showCurrent } from './current.ts'
import type { IngestsDeps } from './deps.ts'
import { looks } from './looks.ts'
import type { IngestEvent } from './view.ts'

const probeEveryMs = 3000

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
  const temporal = probeNowAndThen(deps, ingestId)
  let shown = ''
  for await (const _ of looks(deps, ingestId, signal)) {
    const view = await readOrWait(deps, ingestId)
    if (!view) {
      yield null
      continue
    }
    const now = showCurrent(deps, view, isOver(view.state) ? null : temporal())
    const text = JSON.stringify(now)
    yield text === shown ? null : now
    if (isOver(view.state) || now.problem) return
    shown = text
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
