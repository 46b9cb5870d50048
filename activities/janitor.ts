/**
 * The janitor: ends ingests that nobody will end any more, and removes what is nobody's.
 *
 * A workflow that is terminated, timed out or deleted does not sweep. Its ingest goes on in the
 * ledger, its landing table and its staged files stay.
 */
import {
  type Findings,
  leftoverMs,
  type Orphan,
  orphanOf,
  type Unended,
} from '../src/domain/janitor.ts'
import type { Outcome } from '../src/domain/words.ts'
import { sluiceError } from '../src/errors.ts'
import { databaseError } from '../src/postgres/db.ts'
import { endIngest } from '../src/postgres/ledger/end.ts'
import { isOver, lockIngest, readIngest } from '../src/postgres/ledger/ingests.ts'
import {
  dropLeftTable,
  listLeftTables,
  listUnended,
  statesOf,
} from '../src/postgres/ledger/orphans.ts'
import { readLedgerId } from '../src/postgres/ledger/settings.ts'
import { alone, endSessions } from '../src/postgres/sessions.ts'
import { isUndroppable } from '../src/postgres/sqlState.ts'
import { alive } from './attempt/alive.ts'
import type { Deps } from './deps.ts'
import { uploadsKeptMs } from './sweep.ts'

export interface LookedThrough {
  looked: number
  orphans: Orphan[]
  /** null: that was the last page. */
  next: string | null
}

const pageIngests = 100
const pageFolders = 500

/** A page of ingests that have not ended: orphans among them are ended as sweep does. */
export const lookThrough =
  (deps: Deps) =>
  async ({ after }: { after: string | null }): Promise<LookedThrough> =>
    alive(deps, {}, async (signal) => {
      const page = await listUnended(deps.db, { after, limit: pageIngests })
      const orphans: Orphan[] = []
      for (const ingest of page) {
        signal.throwIfAborted()
        const how = orphanOf(ingest, await deps.fateOf(ingest.ingestId))
        const orphan = how && (await endOrLeave(deps, ingest, { how, signal }))
        if (orphan) orphans.push(orphan)
      }
      const isLast = page.length < pageIngests
      return { looked: page.length, orphans, next: isLast ? null : (page.at(-1)?.ingestId ?? null) }
    })

/** One that cannot be ended now must not keep the others: the next pass comes to it again. */
async function endOrLeave(
  deps: Deps,
  ingest: Unended,
  options: { how: string; signal: AbortSignal },
): Promise<Orphan | null> {
  try {
    return await endOrphan(deps, ingest, options)
  } catch (error) {
    if (!isUndroppable(error)) throw error
    const { ingestId } = ingest
    const { message } = databaseError(error)
    deps.log.warn({ event: 'left', ingestId }, `${ingestId} cannot be ended yet: ${message}`)
    return null
  }
}

/** @returns null when it has ended by itself, or was started after all */
async function endOrphan(
  { db, stage, log }: Deps,
  { ingestId, state }: Unended,
  { how, signal }: { how: string; signal: AbortSignal },
): Promise<Orphan | null> {
  const before = await readIngest(db, ingestId)
  if (before.state !== state) return null
  // Another janitor may be at it.
  await endSessions(db, ingestId, { except: 'sweep' })
  const isEnded = await alone(
    db,
    { ingestId, what: 'sweep', signal },
    (tx) => lockIngest(tx, ingestId),
    async (tx, entry) => {
      if (isOver(entry.state)) return false
      await endIngest(tx, ingestId, entry, outcomeOf(ingestId, how))
      return true
    },
  )
  if (!isEnded) return null
  await stage.clear(ingestId)
  const ended = await readIngest(db, ingestId)
  log.warn(
    { event: 'orphan', ingestId, how },
    `${ingestId}: its workflow ${how}; ${ended.state} now`,
  )
  return { ingestId, state: ended.state, how }
}

function outcomeOf(ingestId: string, how: string): Outcome {
  if (how === 'was cancelled') return { state: 'cancelled', error: null }
  const { code, message, hint } = sluiceError('workflow_terminated', { ingestId, how })
  return { state: 'failed', error: { code, message, hint } }
}

/** What ingests have left in the stage and in the database, and uploads that nobody took. */
export const clearOut =
  (deps: Deps) => async (): Promise<Pick<Findings, 'folders' | 'tables' | 'uploads'>> =>
    alive(deps, {}, async (signal) => {
      const { db, stage, log } = deps
      const folders = await clearFolders(deps, signal)
      let tables = 0
      for (const table of await listLeftTables(db, leftoverMs)) {
        signal.throwIfAborted()
        if (await dropLeftTable(db, table)) tables++
        else
          log.warn({ event: 'left', ...table }, `${table.schema}.${table.name} cannot be dropped`)
      }
      const uploads = await stage.uploads.expire(uploadsKeptMs)
      return { folders, tables, uploads }
    })

async function clearFolders(deps: Deps, signal: AbortSignal): Promise<number> {
  const { db, stage } = deps
  // What this ledger does not know may be known to another one.
  const isShared = (await stage.claim(await readLedgerId(db))) > 1
  let removed = 0
  let page: StageFolder[] = []
  const look = async () => {
    const known = await statesOf(
      db,
      page.map(({ ingestId }) => ingestId),
    )
    for (const { ingestId, quietMs } of page) {
      signal.throwIfAborted()
      const entry = known.get(ingestId)
      const isLeft = entry ? (entry.endedMs ?? 0) > leftoverMs : !isShared && quietMs > leftoverMs
      if (!isLeft) continue
      await stage.clear(ingestId)
      removed++
    }
    page = []
  }
  for await (const folder of stage.folders()) {
    page.push(folder)
    if (page.length >= pageFolders) await look()
  }
  await look()
  return removed
}

type StageFolder = { ingestId: string; quietMs: number }
