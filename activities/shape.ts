/** What the load must know of a staged file, learned after its last step. */
import { readHead } from '../src/csv/head.ts'
import { Shaper } from '../src/csv/shape.ts'
import type { Dialect } from '../src/domain/words.ts'
import { type FileEntry, readFile, recordShape, type StagedEntry } from '../src/postgres/files.ts'
import { decideDialect, type IngestEntry, readIngest } from '../src/postgres/ingests.ts'
import type { Deps } from './deps.ts'

const headBytes = 256 * 1024

/** What newline, quote and delimiter are read as when every file is empty. */
export const emptyDialect: Dialect = {
  delimiter: ',',
  quote: '"',
  escape: '"',
  newline: '\n',
  header: true,
  nullText: '',
}

export async function shapeFile(
  { db, stage }: Deps,
  { ingestId, fileNo }: { ingestId: string; fileNo: number },
  signal: AbortSignal,
): Promise<void> {
  const file = await readFile(db, ingestId, fileNo)
  if (file.shape) return
  const entry = await readIngest(db, ingestId)
  const read = (end: number) => stage.read({ ingestId, ...file }, { start: 0, end })
  const dialect = await dialectOf(entry, file, read(Math.min(headBytes, file.sizeBytes)))
  const decided = dialect && (await decideDialect(db, ingestId, dialect))
  const shaper = new Shaper(decided ?? emptyDialect, file)
  for await (const chunk of read(file.sizeBytes)) {
    signal.throwIfAborted()
    shaper.push(chunk)
  }
  await recordShape(db, ingestId, fileNo, shaper.shape())
}

/** All files are read alike: as the first that came so far says. */
async function dialectOf(
  { dialect, spec }: IngestEntry,
  file: FileEntry & Pick<StagedEntry, 'sizeBytes'>,
  head: AsyncIterable<Buffer>,
): Promise<Dialect | null> {
  if (dialect || file.sizeBytes === 0) return dialect
  const chunks: Buffer[] = []
  for await (const chunk of head) chunks.push(chunk)
  return readHead(Buffer.concat(chunks), file, spec.format).dialect
}
