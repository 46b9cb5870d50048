/** Takes a spec in: ledger row first, then the workflow, so that nothing runs unrecorded. */
import { stat } from 'node:fs/promises'
import type { FullSpec, IngestSpec } from '../domain/spec.ts'
import { showTable } from '../domain/table.ts'
import type { State } from '../domain/words.ts'
import { SluiceError, sluiceError } from '../errors.ts'
import { transaction } from '../postgres/db.ts'
import { enterIngest, readIngest, recordEnd } from '../postgres/ingests.ts'
import { startIngest } from '../temporal/ingests.ts'
import { checkSpec } from './checkSpec.ts'
import type { ApiDeps } from './deps.ts'
import { newIngestId } from './ingestId.ts'

const startTimeoutMs = 5000

interface Submitted {
  ingestId: string
  state: State
  /** false: an ingest of that id and spec was there already. */
  isNew: boolean
}

/**
 * Enters the ingest and starts its workflow. One that was entered but not started, because the
 * API died in between, is started by the next request of the same id.
 * @throws spec_invalid, table_name_invalid, dialect_invalid, upload_not_found, ingest_conflict,
 *   temporal_unavailable
 */
export async function submit(deps: ApiDeps, spec: IngestSpec): Promise<Submitted> {
  const { full, table } = checkSpec(spec)
  const target = showTable(table)
  const ingestId = spec.id ?? newIngestId(table)
  // The uploads of an ingest that is there already may be gone by now, and rightly so.
  if (!spec.id || !(await isThere(deps, ingestId))) await checkUploads(deps, full)
  const { isNew, state } = await enterIngest(deps.db, { ingestId, spec: full, target })
  if (state === 'queued') {
    try {
      const isStarted = await start(deps, { ingestId, spec: full, target })
      if (!isStarted) await refuseUsed(deps, ingestId)
    } catch (error) {
      // Nobody knows an id that we made up, so nobody can ask again for this ingest.
      if (!spec.id) await giveUp(deps, ingestId, error)
      throw error
    }
  }
  return { ingestId, state, isNew }
}

async function isThere({ db }: ApiDeps, ingestId: string): Promise<boolean> {
  try {
    await readIngest(db, ingestId)
    return true
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'ingest_not_found') return false
    throw error
  }
}

async function checkUploads({ stage }: ApiDeps, { source }: FullSpec): Promise<void> {
  if (source.kind !== 'upload') return
  for (const name of source.uploads) {
    if (!(await stat(stage.uploads.path(name)).catch(() => null))) {
      throw sluiceError('upload_not_found', { name })
    }
  }
}

function start(
  { temporal, attributes }: ApiDeps,
  ingest: { ingestId: string; spec: FullSpec; target: string },
): Promise<boolean> {
  const deadline = Date.now() + startTimeoutMs
  return temporal.withDeadline(deadline, () => startIngest(temporal, { ...ingest, attributes }))
}

/**
 * A workflow of that id has ended. Another request may have started it a moment ago; if not, its
 * row was deleted from the ledger, and this one would wait for ever.
 * @throws ingest_id_used
 */
async function refuseUsed(deps: ApiDeps, ingestId: string): Promise<void> {
  const { state } = await readIngest(deps.db, ingestId)
  if (state !== 'queued') return
  const error = sluiceError('ingest_id_used', { ingestId })
  await giveUp(deps, ingestId, error)
  throw error
}

/** Should the workflow run all the same, it finds its ingest at an end. */
async function giveUp({ db }: ApiDeps, ingestId: string, error: unknown): Promise<void> {
  const { code, message, hint } = error as SluiceError
  const end = { code: code ?? 'unexpected', message, hint: hint ?? null }
  await transaction(db, (tx) => recordEnd(tx, ingestId, { state: 'failed', error: end }))
}
