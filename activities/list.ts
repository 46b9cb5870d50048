/** list: source → files in the ledger, and a first look at target and header. */

import { readHead } from '../src/csv/head.ts'
import { Layout } from '../src/domain/layout.ts'
import { queueFor } from '../src/domain/routes.ts'
import { type FullSpec, factsOf } from '../src/domain/spec.ts'
import type { StepOrder } from '../src/domain/step.ts'
import { parseTableName } from '../src/domain/table.ts'
import type { UnpackLimits } from '../src/domain/unpack.ts'
import type { Dialect, ListedFile } from '../src/domain/words.ts'
import type { Note } from '../src/errors/notes.ts'
import { sluiceError } from '../src/errors.ts'
import type { Connection } from '../src/postgres/db.ts'
import { addFiles, sumList } from '../src/postgres/ledger/files.ts'
import {
  enterPhase,
  type IngestEntry,
  lockIngest,
  mustBeActive,
  recordListed,
} from '../src/postgres/ledger/ingests.ts'
import { inOrder } from '../src/postgres/ledger/listing.ts'
import { addNotes } from '../src/postgres/ledger/notes.ts'
import { readStepOrders } from '../src/postgres/ledger/steps.ts'
import { alone } from '../src/postgres/sessions.ts'
import { readTarget, type TargetTable } from '../src/postgres/target/target.ts'
import { readHeadBytes } from '../src/sources/head.ts'
import type { Found, Source } from '../src/sources/source.ts'
import { alive, type IngestInput, mustNotBePaused } from './attempt/alive.ts'
import { type Deps, sourceOf } from './deps.ts'

export interface Listed {
  files: number
  lots: number
  /** Left out when the spec has none. */
  steps?: StepOrder[]
  /** Of the verbs to come, when the size has decided on another one. */
  queue?: string
}

/** A lot is staged by one activity: large enough to be worth it, small enough to be tried again. */
const lotBytesMax = 64 * 1024 * 1024
const lotFilesMax = 500

/**
 * Lists the source into the ledger, once: a later attempt finds the list and returns it. It may
 * come when other verbs are at work on that list already.
 *
 * A target that cannot take the rows is refused here, before anything is read but the first
 * bytes of the first file.
 */
export const listSource =
  (deps: Deps) =>
  async (input: IngestInput): Promise<Listed> =>
    alive(deps, input, async (signal) => {
      const { db } = deps
      const { ingestId } = input
      await enterPhase(db, ingestId, 'list')
      return alone(
        db,
        { ingestId, what: 'list', signal },
        (tx) => lockIngest(tx, ingestId),
        async (tx, entry) => {
          mustBeActive(ingestId, entry)
          const { spec } = entry
          const known = spec.steps && (await ordersOf(tx, spec.steps))
          if (entry.sizeBytes !== null) {
            return { ...(await sumList(tx, ingestId)), ...routed(entry, entry.sizeBytes, known) }
          }
          mustNotBePaused(input, entry.state)
          const target =
            spec.target &&
            (await readTarget(tx, parseTableName(spec.target.table), spec.target.mode))
          const source = sourceOf(deps, spec)
          const listed = await record(tx, ingestId, source, signal)
          // Every path leads to a file, but an archive may hold nothing, or folders only.
          if (listed.files === 0) throw sluiceError('archive_empty', { path: pathsOf(spec) })
          // After steps the files may be others: each is looked at when its last step has ended.
          const { dialect, notes } =
            listed.first && !known
              ? await look(source, listed.first, { spec, target, limits: deps.unpack }, signal)
              : { dialect: null, notes: [] }
          await recordListed(tx, ingestId, { ...listed, dialect })
          await addNotes(tx, ingestId, notes)
          const { files, lots, sizeBytes } = listed
          return { files, lots, ...routed(entry, sizeBytes, known) }
        },
      )
    })

/** What the routes say now that the size is known. */
function routed(
  { spec, target, queue, routes }: IngestEntry,
  sizeBytes: number,
  steps: StepOrder[] | undefined,
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
async function ordersOf(tx: Connection, names: string[]): Promise<StepOrder[]> {
  const known = await readStepOrders(tx, names)
  return names.map((step) => {
    const order = known.get(step)
    if (!order) throw sluiceError('step_unknown', { step })
    return order
  })
}

/** Writes the files page by page; `first` is the first one that is not empty. */
async function record(tx: Connection, ingestId: string, source: Source, signal: AbortSignal) {
  let first: ListedFile | null = null
  let files = 0
  let sizeBytes = 0
  let lotNo = 0
  let lot = { files: 0, bytes: 0 }
  for await (const page of inOrder(tx, unlessStopped(source.list(), signal))) {
    const numbered = page.map((file) => {
      if (lot.files > 0 && (lot.files >= lotFilesMax || lot.bytes + file.sizeBytes > lotBytesMax)) {
        lotNo++
        lot = { files: 0, bytes: 0 }
      }
      lot = { files: lot.files + 1, bytes: lot.bytes + file.sizeBytes }
      sizeBytes += file.sizeBytes
      if (file.sizeBytes > 0) first ??= file
      return { ...file, fileNo: files++, lotNo }
    })
    await addFiles(tx, ingestId, numbered)
    signal.throwIfAborted()
  }
  return { files, lots: files > 0 ? lotNo + 1 : 0, sizeBytes, first: first as ListedFile | null }
}

async function* unlessStopped(
  files: AsyncIterable<Found>,
  signal: AbortSignal,
): AsyncGenerator<Found> {
  for await (const file of files) {
    signal.throwIfAborted()
    yield file
  }
}

/** Reads the first bytes of a file: how is it written, and do its columns fit the target? */
async function look(
  source: Source,
  file: ListedFile,
  { spec, target, limits }: { spec: FullSpec; target: TargetTable | null; limits: UnpackLimits },
  signal: AbortSignal,
): Promise<{ dialect: Dialect; notes: Note[] }> {
  const { format } = spec
  const { bytes, whole } = await readHeadBytes(source, file, { format, limits }, signal)
  const { name } = file
  const head = { name, sizeBytes: bytes.length + (whole ? 0 : 1) }
  const { dialect, header, width, notes } = readHead(bytes, head, format)
  if (target && spec.target && width > 0) {
    new Layout(spec.target, target.columns).of(name, { header, width })
  }
  return { dialect, notes }
}
