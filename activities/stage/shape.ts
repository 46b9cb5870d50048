/** What the load must know of a staged file, learned after its last step. */
import { randomUUID } from 'node:crypto'
import { readHead } from '../../src/csv/head.ts'
import { Shaper } from '../../src/csv/shape.ts'
import type { Dialect } from '../../src/domain/words.ts'
import { readFile, recordShape, type StagedEntry } from '../../src/postgres/ledger/files.ts'
import { decideDialect, type IngestEntry, readIngest } from '../../src/postgres/ledger/ingests.ts'
import { openText, type Text } from '../../src/unpack/text.ts'
import type { Deps } from '../deps.ts'

/** What newline, quote and delimiter are read as when every file is empty. */
export const emptyDialect: Dialect = {
  delimiter: ',',
  quote: '"',
  escape: '"',
  newline: '\n',
  header: true,
  nullText: '',
}

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
    const dialect = dialectOf(entry, file, text)
    const decided = dialect && (await decideDialect(db, ingestId, dialect))
    const shaper = new Shaper(decided ?? emptyDialect, file)
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

/** All files are read alike: as the first that came so far says. */
function dialectOf(
  { dialect, spec }: IngestEntry,
  { name }: StagedEntry,
  { head, whole }: Text,
): Dialect | null {
  if (dialect || head.length === 0) return dialect
  const file = { name, sizeBytes: head.length + (whole ? 0 : 1) }
  return readHead(head, file, spec.format).dialect
}
