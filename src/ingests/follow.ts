/** The progress of an ingest, read from the ledger until its end. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isOver } from '../domain/words.ts'
import { databaseError } from '../postgres/db.ts'
import { viewProgress } from '../postgres/ledger/ingests.ts'
import { hearNothing } from '../postgres/listener.ts'
import { channels } from '../postgres/notify.ts'
import { type Probe, probe, showCurrent } from './current.ts'
import type { IngestsDeps } from './deps.ts'
import type { IngestEvent } from './view.ts'

const probeEveryMs = 3000
/** Each worker tells of progress up to 20 times a second; no follower looks more often than this. */
const lookPauseMs = 50

/**
 * A small ingest is over in a moment; a long one need not be asked so often, least of all where a
 * listener hears of its changes.
 */
function pauseMs(sinceMs: number, { listener, lookMs }: IngestsDeps): number {
  if (lookMs !== undefined) return lookMs
  if (sinceMs < 1000) return 50
  if (sinceMs < 10_000) return 200
  return listener?.isListening ? 2000 : 500
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
  const temporal = probeNowAndThen(deps, ingestId)
  let shown = ''
  for await (const view of look(deps, ingestId, signal)) {
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

/** Reads the ledger again and again, at once whenever something of the ingest was told. */
async function* look(deps: IngestsDeps, ingestId: string, signal: AbortSignal) {
  const startMs = performance.now()
  const heard = deps.listener?.hear(channels.ingests, ingestId) ?? hearNothing
  try {
    while (!signal.aborted) {
      yield await readOrWait(deps, ingestId)
      const nextMs = performance.now() + lookPauseMs
      await heard.wait(pauseMs(performance.now() - startMs, deps), signal)
      const earlyMs = nextMs - performance.now()
      if (earlyMs > 0) await sleep(earlyMs, undefined, { signal }).catch(() => {})
    }
  } finally {
    heard.close()
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
