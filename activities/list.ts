/** list: source → files in the ledger, and a first look at target and header. */

import { clutterOf } from '../src/domain/clutter.ts'
import { LeftOut } from '../src/domain/leftOut.ts'
import { mustBeOnly } from '../src/domain/membersTwice.ts'
import { queueFor } from '../src/domain/routes.ts'
import type { StepPlan } from '../src/domain/step.ts'
import { parseTableName } from '../src/domain/table.ts'
import type { FirstTable, ListedFile } from '../src/domain/words.ts'
import { sluiceError } from '../src/errors.ts'
import type { Connection } from '../src/postgres/db.ts'
import { addFiles, type NumberedFile, sumList } from '../src/postgres/ledger/files.ts'
import { type NewList, recordListed } from '../src/postgres/ledger/firstTable.ts'
import {
  enterPhase,
  type IngestEntry,
  lockIngest,
  mustBeActive,
} from '../src/postgres/ledger/ingests.ts'
import { inOrder } from '../src/postgres/ledger/listing.ts'
import { addNotes } from '../src/postgres/ledger/notes.ts'
import { Fingerprint } from '../src/postgres/ledger/repeated.ts'
import { readStepOrders } from '../src/postgres/ledger/steps.ts'
import { alone } from '../src/postgres/sessions.ts'
import { shapeFor } from '../src/postgres/target/declared.ts'
import { readTarget } from '../src/postgres/target/target.ts'
import type { Source } from '../src/sources/source.ts'
import { findFirstTable } from '../src/spec/files/firstTable.ts'
import { type FullSpec, factsOf, namedFiles } from '../src/spec/spec.ts'
import { type Attempt, mustNotBePaused, type VerbInput } from './attempt/attempt.ts'
import { openingOf, sourceOf } from './deps.ts'

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

/** A lot is staged by one activity: large enough to be worth it, small enough to be tried again. */
const ordinaryLotBytesMax = 64 * 1024 * 1024
export const lotFilesMax = 500
/** A plan that grows looks at all files again with every lot. */
const streamedFilesMax = 1000
/** How many of the first files are tried to find a first table: some may be no tables. */
const candidatesMax = 16

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
  const { db, signal } = attempt
  const { ingestId, lotBytesMax } = input
  await enterPhase(db, ingestId, 'list')
  return alone(
    db,
    { ingestId, what: 'list', signal },
    (tx) => lockIngest(tx, ingestId),
    async (tx, entry) => {
      mustBeActive(ingestId, entry)
      if (entry.sizeBytes === null) mustNotBePaused(input, entry.state)
      return (await listIn(attempt, tx, { ingestId, entry, lotBytesMax })).listed
    },
  )
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
    lotBytesMax = ordinaryLotBytesMax,
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
  const target =
    spec.target && (await readTarget(tx, parseTableName(spec.target.table), spec.target))
  if (spec.target) await shapeFor(tx, spec.target, target)
  const source = sourceOf(attempt, ingestId, spec)
  const { candidates, ...found } = await record(tx, {
    ...{ spec, source, signal, write, lotBytesMax },
  })
  mustHaveFiles(spec, found)
  // After steps the files may be others: each is looked at when its last step has ended.
  const { first, notes } = known
    ? { first: null, notes: [] }
    : await findFirstTable(candidates, {
        source,
        spec,
        target,
        opening: openingOf(attempt, ingestId, spec),
      })
  const { files, lots, sizeBytes, fingerprint } = found
  await recordAll({ files, sizeBytes, fingerprint, first })
  await addNotes(tx, ingestId, [...found.leftOut.notes, ...notes])
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

const pathsOf = (spec: FullSpec): string => factsOf(spec).paths.join(', ')

/** In the order of the spec. @throws step_unknown */
async function plansOf(tx: Connection, names: string[]): Promise<StepPlan[]> {
  const known = await readStepOrders(tx, names)
  return names.map((step) => {
    const order = known.get(step)
    if (!order) throw sluiceError('step_unknown', { step })
    return order
  })
}

interface Work {
  spec: FullSpec
  source: Source
  signal: AbortSignal
  lotBytesMax: number
  write(files: NumberedFile[]): Promise<void>
}

/**
 * Writes the files page by page, without those that are no data by their names.
 * @returns with the first files that are not empty, one of which may be a table
 */
async function record(tx: Connection, { spec, source, signal, write, lotBytesMax }: Work) {
  const candidates: ListedFile[] = []
  const leftOut = new LeftOut()
  const isNamed = namedFiles(spec.source)
  let files = 0
  let sizeBytes = 0
  let lotNo = 0
  let lot = { files: 0, bytes: 0 }
  const fingerprint = new Fingerprint()
  const leave = (name: string, why: string) => void leftOut.add(why, name)
  let before: ListedFile | undefined
  for await (const page of inOrder(tx, source.list(signal, leave))) {
    const data = page.filter((file) => {
      mustBeOnly(file, before)
      before = file
      // A step may be for files of any kind.
      const why = spec.steps || isNamed(file) ? null : clutterOf(file)
      return why === null || leftOut.add(why, file.name)
    })
    const numbered = data.map((file) => {
      if (lot.files > 0 && (lot.files >= lotFilesMax || lot.bytes + file.sizeBytes > lotBytesMax)) {
        lotNo++
        lot = { files: 0, bytes: 0 }
      }
      lot = { files: lot.files + 1, bytes: lot.bytes + file.sizeBytes }
      sizeBytes += file.sizeBytes
      if (file.sizeBytes > 0 && candidates.length < candidatesMax) candidates.push(file)
      return { ...file, fileNo: files++, lotNo }
    })
    for (const file of numbered) fingerprint.add(file, (await source.sha256?.(file)) ?? null)
    if (numbered.length > 0) await write(numbered)
    signal.throwIfAborted()
  }
  const lots = files > 0 ? lotNo + 1 : 0
  return { files, lots, sizeBytes, leftOut, candidates, fingerprint: `${fingerprint}` }
}

/** @throws archive_empty, source_left_out */
function mustHaveFiles(spec: FullSpec, { files, leftOut }: { files: number; leftOut: LeftOut }) {
  if (files > 0) return
  const path = pathsOf(spec)
  // Every path leads to a file, but an archive may hold nothing, or folders only.
  if (leftOut.count === 0) throw sluiceError('archive_empty', { path })
  throw sluiceError('source_left_out', { path, files: leftOut.shown })
}
