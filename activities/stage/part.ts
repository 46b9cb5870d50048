/**
 * A large file that the stage has to copy comes into it in parts, one activity each, so that its first records are
 * loaded while the rest is on its way. A part begins where a record does: the ledger has what was found up to
 * there, and the next attempt, on whatever worker, goes on with that.
 */
import { randomUUID } from 'node:crypto'
import { partBytesOf, withPart } from '../../src/domain/fileParts.ts'
import type { OpenFile } from '../../src/io/openFile.ts'
import { recordPart } from '../../src/postgres/ledger/fileParts.ts'
import type { FileEntry } from '../../src/postgres/ledger/files.ts'
import { notesBeside, readIn, scanBy } from '../../src/spec/files/reading.ts'
import { type FileText, openFileText } from '../../src/spec/files/text.ts'
import { headBytes } from '../../src/unpack/text.ts'
import { openingOf } from '../deps.ts'
import type { Lot } from './lot.ts'

/**
 * @returns `whole`: nothing was done, for the file is to be staged as a whole; `part`: there is more of it;
 *   `last`: all of it is staged
 */
export async function stagePart(
  lot: Lot,
  file: FileEntry,
  leastBytes: number,
): Promise<'whole' | 'part' | 'last'> {
  const { attempt, ingestId, ingest } = lot
  const partBytes = partBytesOf(file.sizeBytes, leastBytes)
  if (file.sizeBytes <= partBytes || ingest.spec.steps) return 'whole'
  const opened = await lot.source.open(file, attempt.signal)
  try {
    if (!opened.ranges || opened.isLoose || opened.packing) return 'whole'
    const end = Math.min(file.sizeBytes, 2 * headBytes)
    const start = { ...opened, read: () => opened.read({ start: 0, end }) }
    const text = await openFileText(start, file, openingOf(attempt, ingestId, ingest.spec))
    try {
      return await bringPart(lot, file, { opened, text, partBytes })
    } finally {
      await text.close()
    }
  } finally {
    await opened.close()
  }
}

interface Opened {
  opened: OpenFile
  text: FileText
  partBytes: number
}

async function bringPart(
  lot: Lot,
  file: FileEntry,
  { opened, text, partBytes }: Opened,
): Promise<'whole' | 'part' | 'last'> {
  const { ingestId, ingest, attempt } = lot
  const { fileNo, name, sizeBytes, shape: before } = file
  const read = readIn(ingest, { ...file, isNamed: lot.isNamed(file) }, text)
  if (text.isMade || 'leftOut' in read) return 'whole'
  const from = before?.cuts.at(-1) ?? read.head.start
  const start = { ...read.head.start, offset: 0, lines: from.lines }
  const scan = scanBy({ ...read.head, start }, { name, sizeBytes })
  const { part: scanned } = scan
  if (!scanned) return 'whole'
  if (!before && (await isLinked(lot, file, opened))) return 'whole'

  let end = from.offset
  const untilRecordEnds = async function* () {
    while (end < sizeBytes && scanned.end() === 0) {
      const range = { start: end, end: Math.min(sizeBytes, end + partBytes) }
      yield* opened.read(range)
      end = range.end
    }
  }
  const stagedAs = `${fileNo}.${from.offset}.${randomUUID()}`
  const tap = (chunk: Buffer) => {
    attempt.signal.throwIfAborted()
    scan.push(chunk)
  }
  const staged = await attempt.stage.put({ ingestId, fileNo, stagedAs }, untilRecordEnds(), tap)
  const isLast = end >= sizeBytes
  const found = withPart(before, (isLast ? scan : scanned).shape(), from.offset)
  const notes = notesBeside(ingest, name, { head: read.head, found, text })
  const part = { start: from.offset, stagedAs, ...staged }
  const shape = { ...found, ...notes }
  await recordPart(attempt.db, ingestId, { fileNo, part, shape, isLast })
  return isLast ? 'last' : 'part'
}

/** Then nothing is copied: it is in the stage at once. */
const isLinked = async (
  { attempt: { stage }, ingestId }: Lot,
  { fileNo }: FileEntry,
  { link }: OpenFile,
): Promise<boolean> => link !== null && stage.pin({ ingestId, fileNo }, link)
