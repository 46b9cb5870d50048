/** What the load must know of a staged file, learned after its last step. */
import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { type Head, readHead, readHeadBy } from '../../src/csv/head.ts'
import { Shaper } from '../../src/csv/shape.ts'
import { sniffNewline } from '../../src/csv/sniff/bytes.ts'
import type { Db } from '../../src/postgres/db.ts'
import { readFile, recordShape } from '../../src/postgres/ledger/files.ts'
import { decideDialect, type IngestEntry, readIngest } from '../../src/postgres/ledger/ingests.ts'
import { addNotes } from '../../src/postgres/ledger/notes.ts'
import { openText, type Text } from '../../src/unpack/text.ts'
import type { Deps } from '../deps.ts'

/** A step may leave a packed file, or one in another encoding: the stage gets its text as well. */
export async function shapeFile(
  { db, stage, unpack }: Deps,
  { ingestId, fileNo }: { ingestId: string; fileNo: number },
  signal: AbortSignal,
): Promise<void> {
  const file = await readFile(db, ingestId, fileNo)
  if (file.shape) return
  const entry = await readIngest(db, ingestId)
  const raw = stage.read({ ingestId, ...file }, { start: 0, end: file.sizeBytes })
  const { format } = entry.spec
  const text = await openText(raw, { file: file.name, format, limits: unpack })
  try {
    const shaper = new Shaper(await decidedHead(db, { ingestId, ...entry }, text, file.name), file)
    const tap = (chunk: Buffer) => {
      signal.throwIfAborted()
      shaper.push(chunk)
    }
    const { packing, encoding } = text
    if (!packing && !encoding) {
      for await (const chunk of text.bytes) tap(chunk)
      await recordShape(db, { ingestId, fileNo, shape: shaper.shape() })
      return
    }
    const stagedAs = `${fileNo}.text.${randomUUID()}`
    const staged = await stage.put({ ingestId, fileNo, stagedAs }, text.bytes, tap)
    const shape = { ...shaper.shape(), ...(encoding && { encoding }), ...(packing && { packing }) }
    await recordShape(db, { ingestId, fileNo, shape, made: { ...staged, stagedAs } })
  } finally {
    await text.close()
  }
}

/** The first file that is not empty decides for all, whichever attempt comes first. */
async function decidedHead(
  db: Db,
  { ingestId, dialect, spec }: Pick<IngestEntry, 'dialect' | 'spec'> & { ingestId: string },
  text: Text,
  name: string,
): Promise<Head> {
  const head = headOf(text, name, { dialect, spec })
  if (dialect || text.head.length === 0) return head
  const decided = await decideDialect(db, ingestId, head.dialect)
  if (!isDeepStrictEqual(decided, head.dialect)) {
    return headOf(text, name, { dialect: decided, spec })
  }
  await addNotes(db, ingestId, head.notes)
  return head
}

/** All files are read alike, as the first that came so far says; only the line end is their own. */
export function headOf(
  { head, whole }: Text,
  name: string,
  { dialect, spec }: Pick<IngestEntry, 'dialect' | 'spec'>,
): Head {
  const file = { name, sizeBytes: head.length + (whole ? 0 : 1) }
  if (!dialect) return readHead(head, file, spec.format)
  return readHeadBy(head, file, { ...dialect, newline: sniffNewline(head) })
}
