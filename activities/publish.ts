/** publish: landing → target, in one transaction that also marks the ingest published. */

import type { Emptied } from '../src/domain/ingestInput.ts'
import { parseTableName, showTable } from '../src/domain/table.ts'
import type { Counts } from '../src/domain/words.ts'
import { noteOf } from '../src/errors/notes.ts'
import type { SluiceError } from '../src/errors.ts'
import type { Connection } from '../src/postgres/db.ts'
import { recordChecks } from '../src/postgres/ledger/checks.ts'
import {
  enterPhase,
  type IngestEntry,
  mustBeActive,
  recordPublished,
} from '../src/postgres/ledger/ingests.ts'
import { addNotes } from '../src/postgres/ledger/notes.ts'
import { type Sums, sumReceipts } from '../src/postgres/ledger/units.ts'
import { modes } from '../src/postgres/modes/index.ts'
import { landingName } from '../src/postgres/names.ts'
import { isRefusal } from '../src/postgres/sqlState.ts'
import { swap } from '../src/postgres/target/publish.ts'
import { recordReplaced } from '../src/postgres/target/relied.ts'
import { lockTargetName } from '../src/postgres/target/target.ts'
import { enterReplaced, keepBefore } from '../src/postgres/undo/before.ts'
import { enterUndo, renewUndo } from '../src/postgres/undo/written.ts'
import type { FullSpec } from '../src/spec/spec.ts'
import type { FullTarget } from '../src/spec/target.ts'
import { transformOf } from '../src/spec/transform.ts'
import { type Attempt, mustNotBePaused, type VerbInput } from './attempt/attempt.ts'
import { underLock } from './attempt/underLock.ts'
import { becomeTarget } from './publish/become.ts'
import { runChecks } from './publish/checks.ts'
import { countsOf, publishedCounts, withChecks, withColumns, withNotes } from './publish/counts.ts'
import { takeBackEmptied } from './publish/emptied.ts'
import { evolve } from './publish/evolve.ts'
import type { Filling, Moved } from './publish/filling.ts'
import { fillKept } from './publish/fillKept.ts'
import { fillMade } from './publish/fillMade.ts'
import { noteLikely } from './publish/likely.ts'
import { overLimit } from './publish/limit.ts'
import { refused } from './publish/refused.ts'
import { lockPlanned, mustStand, plannedOf } from './publish/target.ts'
import { transformRows } from './publish/transform.ts'
import { noteTrimmed } from './publish/trimmed.ts'

export interface PublishInput extends VerbInput {
  /** Data records that staging counted: what a share of rejects is a share of. */
  records: number
  /** The ingest ends with it, in the same transaction. */
  isEnd?: boolean
}

/**
 * Publishes once: a later attempt finds the ingest published and returns its counts. Where PostgreSQL
 * has emptied the landing table meanwhile, it takes the receipts back in place of that.
 */
export async function publishIngest(
  attempt: Attempt,
  input: PublishInput,
): Promise<Counts | Emptied> {
  const { db } = attempt
  const { ingestId } = input
  await enterPhase(db, ingestId, 'publish')
  const published = await underLock(
    attempt,
    { ingestId, what: 'publish' },
    async (tx, entry) =>
      (await takeBackEmptied(attempt, tx, ingestId, entry)) ?? publishIn(attempt, tx, input, entry),
  )
  if (published instanceof Error) throw published
  return published
}

/**
 * The same in the caller's transaction, which has locked the ingest.
 * @returns an error where the transaction is to be committed all the same, with its rejects
 */
export async function publishIn(
  attempt: Attempt,
  tx: Connection,
  input: PublishInput,
  entry: IngestEntry,
): Promise<Counts | SluiceError> {
  const { ingestId } = input
  if (entry.publishedAt) return publishedCounts(tx, ingestId, entry)
  mustBeActive(ingestId, entry)
  mustNotBePaused(input, entry.state)
  if (!entry.spec.target?.atomic) await mustStand(tx, plannedOf(ingestId, entry))
  const loaded = await sumReceipts(tx, ingestId)
  // The load stops early when there are too many: units without a receipt are no wonder then.
  const over = await overLimit(tx, input, entry, loaded)
  if (over) throw over
  countsOf(loaded)
  const transforms = transformOf(entry.spec.target) !== null
  if (transforms) await tx.query('savepoint as_loaded')
  const ready = await transformRows(attempt, tx, input, { entry, loaded })
  if (ready instanceof Error) return ready
  const checked = await runChecks(attempt, tx, { ingestId, entry: ready.entry })
  // The landing table stays as it was loaded, for whoever tries to publish it again.
  if (checked.error && transforms) await tx.query('rollback to savepoint as_loaded')
  await recordChecks(tx, ingestId, checked.results)
  if (checked.error) return checked.error
  const moved = entry.spec.target?.atomic
    ? await moveRows(attempt, tx, input, ready)
    : { loaded, changes: null }
  // Transformed rows are not transformed again. What is over a limit is so at the next attempt too.
  if (moved instanceof Error && transforms && moved.code === 'target_refused') throw moved
  if (moved instanceof Error) return moved
  if (!entry.spec.target?.atomic) await renewUndo(tx, ingestId, entry.spec.target)
  return record(tx, input, ready.entry, moved)
}

/** Marks the ingest published, with what is to be told of it. */
async function record(
  tx: Connection,
  { ingestId, isEnd = false }: PublishInput,
  entry: IngestEntry,
  { loaded, changes }: Moved,
): Promise<Counts> {
  const { spec, columns } = entry
  const published = { ...countsOf(loaded), ...changes }
  const { rowsRejected: rejected } = published
  if (loaded.trimmed > 0) await noteTrimmed(tx, ingestId, published)
  if (rejected > 0) await noteLikely(tx, ingestId, entry, rejected)
  const isReplaced = spec.target !== null && !modes[spec.target.mode].keepsRows
  const how = { isEnd, isReplaced }
  const { earlier, isNoted } = await recordPublished(tx, ingestId, published, how)
  const isRepeated = await noteRepeated(tx, ingestId, spec, earlier)
  const plain = withColumns(published, columns)
  const counts = await withChecks(tx, ingestId, { counts: plain, spec })
  return isNoted || isRepeated ? withNotes(tx, ingestId, counts) : counts
}

/** Rows of files that were appended before are likely there twice. @returns whether it says so */
async function noteRepeated(
  tx: Connection,
  ingestId: string,
  { target }: FullSpec,
  earlier: string | null,
): Promise<boolean> {
  if (!target || earlier === null) return false
  const { keepsRows, isKeyed } = modes[target.mode]
  // A row that is found by its key cannot be there twice.
  if (!keepsRows || isKeyed) return false
  const table = showTable(parseTableName(target.table))
  await addNotes(tx, ingestId, [noteOf('files_loaded_before', { table, earlier })])
  return true
}

/**
 * @returns what the receipts add up to then, and what the mode tells; an error when the rows that are
 *   left are too few, and nothing was moved
 * @throws target_refused, count_mismatch
 */
async function moveRows(
  attempt: Attempt,
  tx: Connection,
  input: PublishInput,
  { entry, loaded }: { entry: IngestEntry; loaded: Sums },
): Promise<Moved | SluiceError> {
  const { ingestId } = input
  const { spec } = entry
  const into = spec.target as FullTarget
  const { mode, undo = false } = into
  const target = parseTableName(into.table)
  const landing = landingName(ingestId, target)
  await lockTargetName(tx, target)
  const there = await lockPlanned(tx, plannedOf(ingestId, entry), into)
  if (!there && modes[mode].isKeyed) {
    return fillMade(attempt, tx, input, { entry, loaded, target, landing })
  }
  if (!there) {
    const now = await becomeTarget(attempt, tx, input, { entry, loaded, target, landing })
    if (now instanceof Error) return now
    if (undo) await enterUndo(tx, ingestId, { target, made: true, keys: null, into })
    return { loaded: now, changes: null }
  }
  const replaces = undo && !modes[mode].keepsRows && { target, isPartitioned: there.partitioned }
  if (replaces) await keepBefore(tx, ingestId, { ...replaces, onWait: attempt.progress })
  const at = { entry, loaded, target, landing, there }
  const moved = await replaceOrInsert(attempt, tx, input, at)
  if (replaces && !(moved instanceof Error)) {
    await enterReplaced(tx, ingestId, { ...replaces, into })
  }
  return moved
}

async function replaceOrInsert(
  attempt: Attempt,
  tx: Connection,
  input: PublishInput,
  at: Omit<Filling, 'list' | 'keep'>,
): Promise<Moved | SluiceError> {
  const { ingestId } = input
  const { entry, loaded, target, landing, there } = at
  const { spec, columns, traced } = entry
  const { mode } = spec.target as FullTarget
  const same = JSON.stringify(there.columns.map(({ name, type }) => [name, type]))
  const had = (columns ?? []).filter(({ added }) => !added)
  const ours = JSON.stringify(had.map(({ name, type }) => [name, type]))
  const mayTakePlace = modes[mode].mayTakePlace(there) && same === ours && !traced
  if (mayTakePlace && (await swap(tx, { landing, target, onWait: attempt.progress }))) {
    await recordReplaced(tx, ingestId, target)
    return { loaded, changes: null }
  }
  return insertInto(attempt, tx, input, at)
}

/** The rows are copied into a target that stays. */
async function insertInto(
  attempt: Attempt,
  tx: Connection,
  input: PublishInput,
  given: Omit<Filling, 'list' | 'keep'>,
): Promise<Moved | SluiceError> {
  const { entry, target, there } = given
  const brought = { columns: entry.columns ?? [], onWait: attempt.progress }
  const list = await evolve(tx, target, there, brought).catch((error) => {
    throw isRefusal(error) ? refused(target, error) : error
  })
  return fillKept(attempt, tx, input, { ...given, list, made: false })
}
