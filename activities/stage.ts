/** stage: files of one lot → stage, with record-safe cut points, line and record counts. */
import { isOver } from '../src/domain/words.ts'
import { mapOrdered } from '../src/io/mapOrdered.ts'
import type { OpenFile } from '../src/io/openFile.ts'
import type { Db } from '../src/postgres/db.ts'
import {
  type FileEntry,
  type NewlyStaged,
  readUnstaged,
  recordStaged,
} from '../src/postgres/ledger/files.ts'
import {
  enterPhase,
  type IngestEntry,
  mustBeActive,
  readIngest,
} from '../src/postgres/ledger/ingests.ts'
import { emptyShape, notesBeside, readIn, scanBy } from '../src/spec/files/reading.ts'
import { type FileText, openFileText } from '../src/spec/files/text.ts'
import { type Digest, startDigest } from '../src/stage/digest.ts'
import { type Attempt, mustNotBePaused, type VerbInput } from './attempt/attempt.ts'
import { openingOf } from './deps.ts'
import { growPlan, type Planned } from './plan.ts'
import { type Lot, type LotWork, lotOf } from './stage/lot.ts'
import { stagePart } from './stage/part.ts'

/** Most of the time of a small file is waiting for the disk. */
const filesAtOnce = 8
const recordedAtOnce = 100

export interface StageInput extends VerbInput {
  lotNo: number
  /** The plan is to have units for what is staged by then. */
  grow?: boolean
  /** A file with more bytes is staged in parts, where that can be: this is for the next one. */
  partBytes?: number
}

/** The plan so far. */
export interface StagedLot extends Planned {
  /** There is more of the lot to be staged. */
  isPart?: boolean
}

/**
 * Stages the files of a lot; one that an earlier attempt has staged is not staged again.
 * @returns the plan so far, if it is to grow
 */
export async function stageLot(
  attempt: Attempt,
  input: StageInput,
): Promise<StagedLot | undefined> {
  const { db, stage } = attempt
  const { ingestId, lotNo, grow = false, partBytes } = input
  await enterPhase(db, ingestId, 'stage')
  const ingest = await readIngest(db, ingestId)
  mustNotBePaused(input, ingest.state)
  const isPart = await stageIn(attempt, db, { ingestId, lotNo, ingest, partBytes })
  // A late attempt may have staged files after the sweep, which no later step would remove.
  const entry = await readIngest(db, ingestId)
  if (isOver(entry.state)) await stage.clear(ingestId)
  mustBeActive(ingestId, entry)
  if (!grow) return undefined
  return { ...(await growPlan(attempt, input)), ...(isPart && { isPart }) }
}

interface LotToStage {
  ingestId: string
  lotNo: number
  ingest: IngestEntry
  partBytes: number | undefined
}

/** @returns whether there is more of it to be staged */
async function stageIn(
  attempt: Attempt,
  db: Db,
  { ingestId, lotNo, ingest, partBytes }: LotToStage,
): Promise<boolean> {
  let staged: NewlyStaged[] = []
  const files = await readUnstaged(db, ingestId, lotNo)
  const [only] = files
  if (partBytes !== undefined && only && files.length === 1) {
    const found = await stagePart(lotOf(attempt, { ingestId, ingest }), only, partBytes)
    if (found !== 'whole') return found === 'part'
  }
  for await (const file of stageFiles(attempt, { ingestId, ingest, files })) {
    staged.push(file)
    if (staged.length < recordedAtOnce) continue
    await recordStaged(db, ingestId, staged)
    staged = []
  }
  if (staged.length > 0) await recordStaged(db, ingestId, staged)
  return false
}

interface StageWork extends LotWork {
  files: FileEntry[]
}

/** Brings files into the stage, and tells what it found out about each, in order. */
export function stageFiles(
  attempt: Attempt,
  { files, ...work }: StageWork,
): AsyncIterable<NewlyStaged> {
  const lot = lotOf(attempt, work)
  return mapOrdered(files, filesAtOnce, (each) => stageFile(lot, each))
}

async function stageFile(lot: Lot, file: FileEntry): Promise<NewlyStaged> {
  lot.attempt.signal.throwIfAborted()
  const opened = await lot.source.open(file, lot.attempt.signal)
  try {
    // A step may be for files of any kind: it gets them as they are.
    return await (lot.ingest.spec.steps
      ? bringAsIs(lot, opened, file)
      : bringText(lot, opened, file))
  } finally {
    await opened.close()
  }
}

async function bringAsIs(lot: Lot, opened: OpenFile, file: FileEntry): Promise<NewlyStaged> {
  const bytes = opened.read()
  const digest = startDigest('sha256')
  const tap = (chunk: Buffer) => {
    lot.meter(chunk)
    digest.update(chunk)
  }
  const staged = await bringIn(lot, { file, bytes, link: opened.link, tap, digest })
  return { ...staged, shape: null }
}

async function bringText(lot: Lot, opened: OpenFile, file: FileEntry): Promise<NewlyStaged> {
  const { attempt, ingestId, ingest } = lot
  const text = await openFileText(opened, file, openingOf(attempt, ingestId, ingest.spec))
  try {
    return await bringOpened(lot, file, { opened, text })
  } finally {
    await text.close()
  }
}

async function bringOpened(
  lot: Lot,
  file: FileEntry,
  { opened, text }: { opened: OpenFile; text: FileText },
): Promise<NewlyStaged> {
  const { packing, encoding, bytes, isMade } = text
  const read = readIn(lot.ingest, { ...file, isNamed: lot.isNamed(file) }, text)
  if ('leftOut' in read) return leaveOut(lot, file, read.leftOut)
  const scan = scanBy(read.head, { name: file.name, sizeBytes: likelyBytes(text, file) })
  const tap = (chunk: Buffer) => {
    lot.meter(chunk)
    scan.push(chunk)
  }
  const staged = await bringIn(lot, { file, bytes, link: isMade ? null : opened.link, tap })
  const found = scan.shape()
  const shape = {
    ...found,
    ...notesBeside(lot.ingest, file.name, { head: read.head, found, text }),
    ...(encoding && { encoding }),
    ...(packing && { packing }),
  }
  return { ...staged, shape }
}

/** A file that is left out: the stage keeps no bytes of it. */
const leaveOut = (
  { ingest }: Lot,
  { fileNo, sizeBytes, version }: FileEntry,
  why: string,
): NewlyStaged => ({
  fileNo,
  sizeBytes,
  pinned: false,
  stagedVersion: version,
  sha256: null,
  crc32: null,
  shape: emptyShape(ingest, why),
})

/** How much will come out: cuts are made for it. A list knows it of the members of archives. */
function likelyBytes(
  { packing, isMade, encoding, head, whole }: FileText,
  { sizeBytes, member }: FileEntry,
) {
  if (whole) return head.length
  const isUnknown = packing && member == null
  return isUnknown || (isMade && !encoding && !packing) ? sizeBytes * 8 : sizeBytes
}

interface Incoming {
  file: FileEntry
  bytes: AsyncIterable<Buffer>
  /** What the stage may link to; null when the bytes have to be written anew. */
  link: string | null
  tap: (chunk: Buffer) => void
  /** `tap` feeds it; else only a copy has a checksum, for to make one costs as much as the scan. */
  digest?: Digest
}

async function bringIn(
  { attempt: { stage }, ingestId }: Lot,
  { file, bytes, link, tap, digest }: Incoming,
): Promise<Omit<NewlyStaged, 'shape'>> {
  const { fileNo } = file
  const to = { ingestId, fileNo }
  const pinned = link !== null && (await stage.pin(to, link))
  if (pinned) {
    for await (const chunk of bytes) tap(chunk)
    const { sizeBytes, version } = file
    return { fileNo, sizeBytes, pinned, stagedVersion: version, ...sumsOf(digest) }
  }
  const sum = digest ?? startDigest('crc32')
  const { sizeBytes, version } = await stage.put(to, bytes, (chunk) => {
    if (!digest) sum.update(chunk)
    tap(chunk)
  })
  return { fileNo, sizeBytes, pinned, stagedVersion: version, ...sum.end() }
}

const sumsOf = (digest: Digest | undefined) => digest?.end() ?? { sha256: null, crc32: null }
