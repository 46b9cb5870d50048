/**
 * The janitor: ends ingests whose workflow is gone, and removes what no ingest owns any more.
 *
 * A workflow that is terminated, timed out or deleted does not sweep. Its ingest goes on in the
 * ledger, its landing table and its staged files stay.
 */

import {
  type Findings,
  isUnstarted,
  leftoverMs,
  type Orphan,
  orphanOf,
  type Unended,
} from '../src/domain/janitor.ts'
import type { Outcome } from '../src/domain/words.ts'
import { isOver } from '../src/domain/words.ts'
import { messageOf, sluiceError } from '../src/errors.ts'
import { databaseError } from '../src/postgres/db.ts'
import { endIngest } from '../src/postgres/ledger/end.ts'
import { readIngest } from '../src/postgres/ledger/ingests.ts'
import {
  dropLeftTable,
  listLeftTables,
  listUnended,
  readUnstarted,
  statesOf,
} from '../src/postgres/ledger/orphans.ts'
import { readLedgerId } from '../src/postgres/ledger/settings.ts'
import { endSessions } from '../src/postgres/sessions.ts'
import { isUndroppable } from '../src/postgres/sqlState.ts'
import { forgetUndo, listExpired } from '../src/postgres/undo/forget.ts'
import type { StageFolder } from '../src/stage/stage.ts'
import type { Attempt } from './attempt/attempt.ts'
import { underLock } from './attempt/underLock.ts'

export interface LookedThrough {
  looked: number
  /** Ingests whose workflow was started. */
  started: number
  orphans: Orphan[]
  /** null: that was the last page. */
  next: string | null
}

/** An upload that no ingest took goes after a day. */
const uploadsKeptMs = 24 * 60 * 60 * 1000
const pageIngests = 100
const pageFolders = 500

/** A page of ingests that have not ended: orphans among them are ended as sweep does. */
export async function endOrphans(
  attempt: Attempt,
  { after }: { after: string | null },
): Promise<LookedThrough> {
  const { db, signal } = attempt
  const page = await listUnended(db, { after, limit: pageIngests })
  const orphans: Orphan[] = []
  let started = 0
  for (const ingest of page) {
    signal.throwIfAborted()
    const found = await lookAt(attempt, ingest)
    if (found === 'started') started++
    else if (found) orphans.push(found)
  }
  const isLast = page.length < pageIngests
  const next = isLast ? null : (page.at(-1)?.ingestId ?? null)
  return { looked: page.length, started, orphans, next }
}

/** One that cannot be ended now must not keep the others: the next pass comes to it again. */
async function endOrLeave(attempt: Attempt, ingest: Unended, how: string): Promise<Orphan | null> {
  try {
    return await endOrphan(attempt, ingest, how)
  } catch (error) {
    if (!isUndroppable(error)) throw error
    const { ingestId } = ingest
    const { message } = databaseError(error)
    attempt.log.warn({ event: 'left', ingestId }, `${ingestId} cannot be ended yet: ${message}`)
    return null
  }
}

async function lookAt(attempt: Attempt, ingest: Unended): Promise<Orphan | 'started' | null> {
  const { ingestId, partOf } = ingest
  // The workflow of a part may be over long before its rows are published, or not begun.
  const ofAll = partOf === null ? null : await attempt.workflowStatusOf(partOf)
  if (ofAll === 'open') return null
  const own = await attempt.workflowStatusOf(ingestId)
  const status = partOf !== null && own !== 'open' ? ofAll : own
  if (isUnstarted(ingest, status)) return (await startAfterAll(attempt, ingest)) ? 'started' : null
  const how = orphanOf(ingest, status)
  return how === null ? null : endOrLeave(attempt, ingest, how)
}

/** A request that comes at the same time starts the same workflow, for the id is the ingest's. */
async function startAfterAll(
  { db, log, startIngest }: Attempt,
  { ingestId }: Unended,
): Promise<boolean> {
  const ingest = await readUnstarted(db, ingestId)
  if (!ingest) return false
  try {
    await startIngest(ingest)
    log.warn({ event: 'started', ingestId }, `${ingestId}: started, which its request had not done`)
    return true
  } catch (error) {
    // The next pass tries again; the other ingests of this one do not wait for it.
    log.warn({ event: 'not started', ingestId }, `${ingestId}: not started: ${messageOf(error)}`)
    return false
  }
}

/** @returns null when it has ended by itself, or was started after all */
async function endOrphan(
  attempt: Attempt,
  { ingestId, state }: Unended,
  how: string,
): Promise<Orphan | null> {
  const { db, stage, log } = attempt
  const before = await readIngest(db, ingestId)
  if (before.state !== state) return null
  // Another janitor may be at it.
  await endSessions(db, ingestId, { except: 'sweep' })
  const isEnded = await underLock(attempt, { ingestId, what: 'sweep' }, async (tx, entry) => {
    if (isOver(entry.state)) return false
    await endIngest(tx, ingestId, entry, outcomeOf(ingestId, how))
    return true
  })
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

/** Removes what ended ingests left in stage and database, and uploads that no ingest took. */
export async function removeLeftovers(
  attempt: Attempt,
): Promise<Pick<Findings, 'folders' | 'tables' | 'uploads'>> {
  const { db, stage, log, signal } = attempt
  const folders = await clearFolders(attempt)
  let tables = 0
  for (const table of await listLeftTables(db, leftoverMs)) {
    signal.throwIfAborted()
    if (await dropLeftTable(db, table)) tables++
    else log.warn({ event: 'left', ...table }, `${table.schema}.${table.name} cannot be dropped`)
  }
  for (const ingestId of await listExpired(db)) {
    signal.throwIfAborted()
    if (await forgetUndo(db, ingestId)) tables++
  }
  const uploads = await stage.uploads.expire(uploadsKeptMs)
  return { folders, tables, uploads }
}

async function clearFolders({ db, stage, signal }: Attempt): Promise<number> {
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
      const isLeft = entry
        ? (entry.endedMs ?? 0) > leftoverMs
        : !isShared && (await quietMs()) > leftoverMs
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
