/** list: source → files in the ledger, and a first look at target and header. */

import { LeftOut } from '../src/domain/leftOut.ts'
import { lotBytes } from '../src/domain/plan.ts'
import { queueFor } from '../src/domain/routes.ts'
import type { StepPlan } from '../src/domain/step.ts'
import type { FirstTable } from '../src/domain/words.ts'
import { sluiceError } from '../src/errors.ts'
import type { Connection } from '../src/postgres/db.ts'
import { addFiles, type NumberedFile, sumList } from '../src/postgres/ledger/files.ts'
import { type NewList, recordListed } from '../src/postgres/ledger/firstTable.ts'
import { enterPhase, type IngestEntry, mustBeActive } from '../src/postgres/ledger/ingests.ts'
import { addNotes } from '../src/postgres/ledger/notes.ts'
import { readStepOrders } from '../src/postgres/ledger/steps.ts'
import { type FullSpec, factsOf } from '../src/spec/spec.ts'
import { type Attempt, mustNotBePaused, type VerbInput } from './attempt/attempt.ts'
import { underLock } from './attempt/underLock.ts'
import { sourceOf } from './deps.ts'
import { dataFiles, mustHaveFiles } from './list/dataFiles.ts'
import { lookAtFiles, lookAtTarget } from './list/firstLook.ts'
import { ListedFiles } from './list/listedFiles.ts'

export interface Listed {
  files: number
  lots: number
  /** Units are to be loaded while lots are staged. */
  streams?: boolean
  /** Left out when the spec has none. */
  steps?: StepPlan[]
  /** The task queue of the verbs to come, when the size has decided on another one. */
  queue?: string
}

/** A plan that grows looks at all files again with every lot. */
const streamedFilesMax = 1000

export interface ListInput extends VerbInput {
  /** For tests: bytes of a lot, at most, in place of the usual ones. */
  lotBytesMax?: number
}

/**
 * Lists the source into the ledger, once: a later attempt finds the list and returns it. It may
 * come when other verbs are at work on that list already.
 *
 * A target that cannot take the rows is refused here, before anything is read but the first
 * bytes of the first table.
 */
export async function listSource(attempt: Attempt, input: ListInput): Promise<Listed> {
  const { db } = attempt
  const { ingestId, lotBytesMax } = input
  await enterPhase(db, ingestId, 'list')
  return underLock(attempt, { ingestId, what: 'list' }, async (tx, entry) => {
    mustBeActive(ingestId, entry)
    if (entry.sizeBytes === null) mustNotBePaused(input, entry.state)
    return (await listIn(attempt, tx, { ingestId, entry, lotBytesMax })).listed
  })
}

export interface ListWork {
  ingestId: string
  entry: IngestEntry
  lotBytesMax?: number | undefined
  /** Takes the files, page by page, in the place of the ledger. */
  write?: (files: NumberedFile[]) => Promise<void>
  /** Takes the list as a whole, in the place of the ledger. */
  recordAll?: (list: NewList) => Promise<void>
}

interface Listing {
  listed: Listed
  sizeBytes: number
  /** null for a list that was found in the ledger. */
  found: { first: FirstTable | null; isNew: boolean } | null
}

/** The same in the caller's transaction, which has locked the ingest. */
export async function listIn(
  attempt: Attempt,
  tx: Connection,
  {
    ingestId,
    entry,
    lotBytesMax = lotBytes,
    write = (files) => addFiles(tx, ingestId, files),
    recordAll = (list) => recordListed(tx, ingestId, list),
  }: ListWork,
): Promise<Listing> {
  const { signal } = attempt
  const { spec } = entry
  const known = spec.steps && (await plansOf(tx, spec.steps))
  const toldOf = (count: Pick<Listed, 'files' | 'lots'>, sizeBytes: number): Listed => {
    const isLarge = count.lots > 1 || sizeBytes > lotBytesMax
    const { files } = count
    return { ...count, ...streamed(spec, { files, isLarge }), ...routed(entry, sizeBytes, known) }
  }
  if (entry.sizeBytes !== null) {
    const { sizeBytes } = entry
    const listed = toldOf(await sumList(tx, ingestId), sizeBytes)
    return { listed, sizeBytes, found: null }
  }
  const target = await lookAtTarget(tx, spec)
  const source = sourceOf(attempt, ingestId, spec)
  const leftOut = new LeftOut()
  const all = new ListedFiles(source, lotBytesMax)
  for await (const page of dataFiles(tx, { spec, source, signal, leftOut })) {
    await write(await all.add(page))
  }
  const { files, lots, sizeBytes, fingerprint } = all.sums
  mustHaveFiles(spec, { files }, leftOut)
  const { candidates } = all
  const looking = { ingestId, spec, source, target, candidates }
  const { first, notes } = await lookAtFiles(attempt, looking)
  await recordAll({ files, sizeBytes, fingerprint, first })
  await addNotes(tx, ingestId, [...leftOut.notes, ...notes])
  const listed = toldOf({ files, lots }, sizeBytes)
  return { listed, sizeBytes, found: { first, isNew: target === null } }
}

/**
 * Rows that go straight into the target are there for all to see: its files are all planned before.
 * After steps files may be others.
 * @param found `isLarge`: it is more than one lot is for
 */
function streamed(
  { target, steps }: FullSpec,
  { files, isLarge }: { files: number; isLarge: boolean },
): Pick<Listed, 'streams'> {
  const mayStream = target?.atomic && !steps && isLarge && files <= streamedFilesMax
  return mayStream ? { streams: true } : {}
}

/** What the routes say now that the size is known. */
function routed(
  { spec, target, queue, routes }: IngestEntry,
  sizeBytes: number,
  steps: StepPlan[] | undefined,
): Pick<Listed, 'steps' | 'queue'> {
  const queueOf = (step: string | null) =>
    queueFor(routes ?? [], { ...factsOf(spec), target, sizeBytes, step })
  const found = queueOf(null)
  return {
    ...(found !== null && found !== queue && { queue: found }),
    ...(steps && {
      steps: steps.map((order) => ({ ...order, queue: queueOf(order.step) ?? order.queue })),
    }),
  }
}

/** In the order of the spec. @throws step_unknown */
async function plansOf(tx: Connection, names: string[]): Promise<StepPlan[]> {
  const known = await readStepOrders(tx, names)
  return names.map((step) => {
    const order = known.get(step)
    if (!order) throw sluiceError('step_unknown', { step })
    return order
  })
}
