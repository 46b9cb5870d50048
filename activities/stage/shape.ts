/** What the load must know of a staged file, learned after its last step. */
import { randomUUID } from 'node:crypto'
import type { FileShape } from '../../src/domain/words.ts'
import type { HeadFile } from '../../src/formats/format.ts'
import { formatOf } from '../../src/formats/index.ts'
import type { OpenFile } from '../../src/io/openFile.ts'
import type { Db } from '../../src/postgres/db.ts'
import { readFile, recordShape } from '../../src/postgres/ledger/files.ts'
import { decideFirstTable } from '../../src/postgres/ledger/firstTable.ts'
import { type IngestEntry, readIngest } from '../../src/postgres/ledger/ingests.ts'
import { addNotes } from '../../src/postgres/ledger/notes.ts'
import { firstTableIn } from '../../src/spec/files/firstTable.ts'
import { openOnlyTable } from '../../src/spec/files/onlyTable.ts'
import {
  emptyShape,
  headFileOf,
  notesBeside,
  readIn,
  scanBy,
} from '../../src/spec/files/reading.ts'
import { openFileText } from '../../src/spec/files/text.ts'
import { kindOf, mayUnfold } from '../../src/spec/format.ts'
import { namedFiles } from '../../src/spec/spec.ts'
import type { Attempt } from '../attempt/attempt.ts'
import { openingOf } from '../deps.ts'

/** A step may leave a packed file, or one in another encoding: the stage gets its text as well. */
export async function shapeFile(
  attempt: Attempt,
  { ingestId, fileNo }: { ingestId: string; fileNo: number },
): Promise<void> {
  const { db, stage, signal } = attempt
  const file = await readFile(db, ingestId, fileNo)
  if (file.shape) return
  const entry = await readIngest(db, ingestId)
  const staged = { ingestId, ...file }
  const { sizeBytes } = file
  const left: OpenFile = {
    link: mayUnfold(entry.spec.format) ? await stage.local(staged) : null,
    ranges: true,
    read: (range = { start: 0, end: sizeBytes }) => stage.read(staged, range),
    close: async () => {},
  }
  const opening = openingOf(attempt, ingestId, entry.spec)
  const text = await openFileText(await openOnlyTable(left, file, opening), file, opening)
  try {
    const isNamed = namedFiles(entry.spec.source)(file)
    const decided = await decide(db, ingestId, entry, headFileOf({ ...file, isNamed }, text))
    const known = { ...entry, ...decided }
    const read = readIn(known, { ...file, isNamed }, text)
    if ('leftOut' in read) {
      await recordShape(db, { ingestId, fileNo, shape: emptyShape(known, read.leftOut) })
      return
    }
    const scan = scanBy(read.head, file)
    const { head } = read
    const shapeNow = (): FileShape => {
      const found = scan.shape()
      return { ...found, ...notesBeside(known, file.name, { head, found, text }) }
    }
    const tap = (chunk: Buffer) => {
      signal.throwIfAborted()
      scan.push(chunk)
    }
    const { packing, encoding } = text
    if (!text.isMade) {
      for await (const chunk of text.bytes) tap(chunk)
      await recordShape(db, { ingestId, fileNo, shape: shapeNow() })
      return
    }
    const stagedAs = `${fileNo}.text.${randomUUID()}`
    const made = await stage.put({ ingestId, fileNo, stagedAs }, text.bytes, tap)
    const shape = { ...shapeNow(), ...(encoding && { encoding }), ...(packing && { packing }) }
    await recordShape(db, { ingestId, fileNo, shape, made: { ...made, stagedAs } })
  } finally {
    await text.close()
  }
}

type Decided = Pick<IngestEntry, 'reading' | 'firstTable'>

/** The first table that comes out of the steps is what the other files are compared with. */
async function decide(
  db: Db,
  ingestId: string,
  entry: IngestEntry,
  file: HeadFile,
): Promise<Decided> {
  const { format: options } = entry.spec
  if (entry.reading || file.bytes.length === 0) return entry
  const kind = kindOf(options, file)
  const found = firstTableIn(file, kind, options)
  if (!found || !formatOf({ kind }).isTable(file, found.first)) return entry
  const decided = await decideFirstTable(db, ingestId, found.first)
  if (decided.firstTable?.name === file.name) await addNotes(db, ingestId, found.notes)
  return decided
}
