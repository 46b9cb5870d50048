/** Takes a spec in: ledger row first, then the workflow, so that nothing runs unrecorded. */
import { defaultQueue, queueFor, type Route } from '../domain/routes.ts'
import { severalIdCharsMax } from '../domain/severalTargets.ts'
import type { State } from '../domain/words.ts'
import { SluiceError, sluiceError } from '../errors.ts'
import { transaction } from '../postgres/db.ts'
import { recordEnd } from '../postgres/ledger/end.ts'
import { enterIngest, readIngest } from '../postgres/ledger/ingests.ts'
import { checkSource } from '../sources/index.ts'
import { checkSpec } from '../spec/checkSpec.ts'
import { type FullSpec, factsOf, type IngestSpec } from '../spec/spec.ts'
import type { IngestsDeps } from './deps.ts'
import { newIngestId } from './ingestId.ts'
import { startInTurn } from './starts.ts'

interface Submitted {
  ingestId: string
  state: State
  /** false: an ingest of that id and spec was there already. */
  isNew: boolean
}

/**
 * Enters the ingest and starts its workflow. One that was entered but not started, because the
 * API died in between, is started by the next request of the same id, or by the janitor.
 * @throws spec_invalid, table_name_invalid, dialect_invalid, upload_not_found, ingest_conflict,
 *   target_id_used, temporal_unavailable
 */
export async function submit(deps: IngestsDeps, spec: IngestSpec): Promise<Submitted> {
  const { full, target, limits, subject } = checkSpec(spec)
  const ingestId = spec.id ?? newIngestId(subject)
  if (full.targets) mustLeaveRoom(ingestId)
  const { queue, routes } = route(deps.settings, full, target)
  const ingest = {
    ...{ ingestId, spec: full, target, queue },
    limits: { ...deps.settings.timeouts, ...limits },
  }
  // The uploads of an ingest that is there already may be gone by now, and rightly so.
  if (!spec.id || !(await isThere(deps, ingestId))) await checkSource(full.source, deps.stage)
  const { isNew, state, isAgain } = await enterIngest(deps.db, { ...ingest, routes })
  if (state === 'queued') {
    try {
      if (!(await startInTurn(deps, { ...ingest, isAgain }))) await refuseUsed(deps, ingestId)
    } catch (error) {
      // The client was not told the id that we made up, so it cannot ask again for this ingest.
      if (!spec.id) await giveUp(deps, ingestId, error)
      throw error
    }
  }
  return { ingestId, state, isNew }
}

/**
 * The queue of the workflow, and the routes that are asked again when more is known. A queue that
 * the spec names holds for all but its steps.
 */
function route(
  settings: IngestsDeps['settings'],
  full: FullSpec,
  target: string | null,
): { queue: string; routes: Route[] } {
  const routes = [...(full.routes ?? []), ...settings.routes]
  const named = full.queue
  if (named) return { queue: named, routes: routes.filter(({ when }) => when?.step !== undefined) }
  const facts = { ...factsOf(full), target, sizeBytes: null, step: null }
  return { queue: queueFor(routes, facts) ?? defaultQueue, routes }
}

/** The ingest of each target has an id that begins with that of the ingest. @throws spec_invalid */
function mustLeaveRoom(ingestId: string): void {
  if (ingestId.length <= severalIdCharsMax) return
  const problem = `with several targets an id has at most ${severalIdCharsMax} characters`
  throw sluiceError('spec_invalid', { problem })
}

async function isThere({ db }: IngestsDeps, ingestId: string): Promise<boolean> {
  try {
    return (await readIngest(db, ingestId)).state !== 'undone'
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'ingest_not_found') return false
    throw error
  }
}

/**
 * A workflow of that id has ended. Another request may have started it a moment ago; if not, its
 * row was deleted from the ledger, and this one would wait for ever.
 * @throws ingest_id_used
 */
async function refuseUsed(deps: IngestsDeps, ingestId: string): Promise<void> {
  const { state } = await readIngest(deps.db, ingestId)
  if (state !== 'queued') return
  const error = sluiceError('ingest_id_used', { ingestId })
  await giveUp(deps, ingestId, error)
  throw error
}

/** Should the workflow run all the same, it finds its ingest at an end. */
async function giveUp({ db }: IngestsDeps, ingestId: string, error: unknown): Promise<void> {
  const { code, message, hint } = error as SluiceError
  const end = { code: code ?? 'unexpected', message, hint: hint ?? null }
  await transaction(db, (tx) => recordEnd(tx, ingestId, { state: 'failed', error: end }))
}
