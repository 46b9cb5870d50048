/**
 * A small ingest from list to sweep in one transaction: it has happened, or nothing of it has. With
 * steps this is so up to them.
 *
 * It waits for nobody for longer than a second. Whoever holds a lock then finds the verbs one by one
 * in its place, which wait as long as it takes, and show what they wait for. So does an ingest that
 * is not as small as its files: a packed file may come to a thousand times its size, and this
 * transaction is to hold its locks for moments only.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { smallBytesMax } from '../../src/domain/ingestInput.ts'
import { sluiceError } from '../../src/errors.ts'
import { changeDateOrder } from '../../src/postgres/copy/copy.ts'
import { type Connection, transaction } from '../../src/postgres/db.ts'
import { tryBudget } from '../../src/postgres/ledger/budget.ts'
import { dropLandingText } from '../../src/postgres/ledger/end.ts'
import {
  addFiles,
  addStagedFiles,
  type FileEntry,
  type NumberedFile,
} from '../../src/postgres/ledger/files.ts'
import { asLedger, type NewList, recordListed } from '../../src/postgres/ledger/firstTable.ts'
import {
  enterPhaseText,
  type IngestEntry,
  lockedIngest,
  lockText,
  mustBeActive,
} from '../../src/postgres/ledger/ingests.ts'
import { lockUnit } from '../../src/postgres/ledger/units.ts'
import { sessionName } from '../../src/postgres/names.ts'
import type { StagedState } from '../../src/stage/stage.ts'
import { type Attempt, mustNotBePaused } from '../attempt/attempt.ts'
import { listIn } from '../list.ts'
import { loadIn } from '../load.ts'
import { planIn } from '../plan.ts'
import { publishIn } from '../publish.ts'
import { stageFiles } from '../stage.ts'
import { type BeginInput, type Begun, isSmall } from './begun.ts'
import { HeldFiles, notStaged } from './heldFiles.ts'

const lockTimeoutMs = 1000
/** An encoding may take twice the room in UTF-8; what packed files hold beyond that is several units. */
const stagedBytesMax = 2 * smallBytesMax
/** From the end of the list on, however large that was. It takes 30 ms where nothing is in its way. */
const patienceMs = 20_000

/**
 * Brings the ingest as far as one transaction may.
 * @throws whatever keeps it from that; then nothing has been done
 */
export async function atOnce(attempt: Attempt, input: BeginInput): Promise<Begun> {
  const { db } = attempt
  const { ingestId } = input
  const name = sessionName(ingestId, 'begin')
  const { signal, start, end } = startPatience(attempt.signal)
  let last: string | null = null
  const drop = (text: string | null) => {
    last = text
  }
  const soon = { ...attempt, signal }
  const begun = await transaction(
    db,
    (tx, _, found) => work(soon, tx, { input, start, drop, entry: lockedIngest(ingestId, found) }),
    {
      name,
      unitNo: 0,
      lockTimeoutMs,
      signal,
      before: enterPhaseText(ingestId, 'list'),
      first: lockText(ingestId),
      last: () => last,
    },
  ).finally(end)
  if (begun.counts) await attempt.stage.clear(ingestId)
  return begun
}

/** @returns a signal that the attempt's brings about, or the end of our patience once it starts */
function startPatience(signal: AbortSignal) {
  const late = new AbortController()
  let timer: NodeJS.Timeout | undefined
  return {
    signal: AbortSignal.any([signal, late.signal]),
    start: () => {
      const error = new Error(`one transaction has taken more than ${patienceMs / 1000} s`)
      timer = setTimeout(() => late.abort(error), patienceMs)
    },
    end: () => clearTimeout(timer),
  }
}

interface Work {
  input: BeginInput
  /** As it was locked. */
  entry: IngestEntry
  /** Starts our patience. */
  start: () => void
  /** Takes what removes the landing table, for the end of the transaction. */
  drop: (text: string | null) => void
}

async function work(
  attempt: Attempt,
  tx: Connection,
  { input, entry, start, drop }: Work,
): Promise<Begun> {
  const { signal } = attempt
  const { ingestId } = input
  mustBeActive(ingestId, entry)
  mustNotBePaused(input, entry.state)
  const held = new HeldFiles((files) => addFiles(tx, ingestId, files))
  const write = (files: NumberedFile[]) => held.take(files)
  let list: NewList | null = null
  const recordAll = async (all: NewList) => {
    list = all
  }
  const listing = { ingestId, entry, write, recordAll }
  const { listed, sizeBytes, found } = await listIn(attempt, tx, listing)
  const isWhole = found !== null && isSmall({ listed, sizeBytes }, input, attempt.taskQueue)
  if (list && !(isWhole && !listed.steps)) await recordListed(tx, ingestId, list)
  if (!isWhole) {
    await held.letGo()
    return { progress: { ...listed, phase: 'stage' } }
  }
  start()
  attempt.progress('stage')
  const { first, isNew } = found
  const known = { ...entry, ...asLedger(first) }
  const files = await stage(attempt, { ingestId, ingest: known, files: held.files })
  await addStagedFiles(tx, ingestId, files)
  // No transaction is open while a step runs.
  if (listed.steps) return { progress: { ...listed, phase: 'step' } }
  attempt.progress('plan')
  const plan = { ingestId, entry: known, signal, known: { files, isNew, list } }
  const { planned, entry: ready } = await planIn(tx, plan)
  if (planned.units > 1) return { progress: { ...listed, ...planned, phase: 'load' } }
  if (planned.units === 1) await load(attempt, tx, { ingestId, files })

  attempt.progress('publish')
  const { records } = planned
  const counts = await publishIn(attempt, tx, { ingestId, records, isEnd: true }, ready)
  if (counts instanceof Error) throw counts
  drop(dropLandingText(ingestId, ready))
  return { counts }
}

type NewFile = FileEntry & { lotNo: number }

/**
 * Brings the files into the stage.
 * @returns them as the ledger will have them
 * @throws when more comes out of them than one transaction is for
 */
async function stage(
  attempt: Attempt,
  { ingestId, ingest, files }: { ingestId: string; ingest: IngestEntry; files: NumberedFile[] },
): Promise<NewFile[]> {
  const unstaged = files.map((file) => ({ ...file, ...notStaged }))
  const staged: NewFile[] = []
  let bytes = 0
  const meter = (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > stagedBytesMax) throw new Error(`it comes to more than ${stagedBytesMax} bytes`)
  }
  for await (const file of stageFiles(attempt, { ingestId, ingest, files: unstaged, meter })) {
    staged.push({ ...(unstaged[staged.length] as NewFile), ...file, isStaged: true })
  }
  return staged
}

async function load(
  attempt: Attempt,
  tx: Connection,
  { ingestId, files }: { ingestId: string; files: NewFile[] },
): Promise<void> {
  attempt.progress('load')
  const untilMs = performance.now() + lockTimeoutMs
  while (!(await tryBudget(tx))) {
    if (performance.now() > untilMs) throw sluiceError('too_busy', { problem: 'no place to load' })
    await sleep(100, null, { signal: attempt.signal })
  }
  const ref = { ingestId, unitNo: 0 }
  const unit = await lockUnit(tx, ref)
  const staged = files as (NewFile & StagedState)[]
  const known = new Map(staged.map((file) => [file.fileNo, file]))
  await loadIn(attempt, tx, ref, { entry: unit, known })
  // The load may have set the order of the dates of its file.
  if ('dates' in unit.unit.reading) await changeDateOrder(tx, {})
}
