/** stage: files of one lot → stage, with sha256, record-safe cut points, line and record counts. */
import { createHash } from 'node:crypto'
import { Shaper } from '../src/csv/shape.ts'
import type { Dialect } from '../src/domain/words.ts'
import { type FileEntry, readLot, recordStaged, type StagedEntry } from '../src/postgres/files.ts'
import { enterPhase, isOver, mustBeActive, readIngest } from '../src/postgres/ingests.ts'
import { openSource } from '../src/sources/open.ts'
import type { OpenFile } from '../src/sources/source.ts'
import type { Stage, StagedFile } from '../src/stage/stage.ts'
import { alive } from './alive.ts'
import type { Deps } from './deps.ts'

/** What newline, quote and delimiter are read as when every file is empty. */
const emptyDialect: Dialect = {
  delimiter: ',',
  quote: '"',
  escape: '"',
  newline: '\n',
  header: true,
  nullText: '',
}

/** Stages the files of a lot; one that an earlier attempt has staged is not staged again. */
export const stageLot =
  ({ db, stage, sourceRoots }: Deps) =>
  async ({ ingestId, lotNo }: { ingestId: string; lotNo: number }): Promise<void> =>
    alive(async (signal) => {
      await enterPhase(db, ingestId, 'stage')
      const { spec, dialect } = await readIngest(db, ingestId)
      const source = openSource(spec.source, { roots: sourceRoots, uploadPath: stage.uploads.path })
      for (const file of await readLot(db, ingestId, lotNo)) {
        if (file.shape) continue
        const opened = await source.open(file)
        try {
          const staged = await bringIn(stage, opened, { ingestId, dialect, ...file }, signal)
          await recordStaged(db, ingestId, { fileNo: file.fileNo, ...staged })
        } finally {
          await opened.close()
        }
      }
      // A late attempt may have staged files after the sweep: they are nobody's then.
      const entry = await readIngest(db, ingestId)
      if (isOver(entry.state)) await stage.clear(ingestId)
      mustBeActive(ingestId, entry)
    })

async function bringIn(
  stage: Stage,
  opened: OpenFile,
  file: FileEntry & StagedFile & { dialect: Dialect | null },
  signal: AbortSignal,
): Promise<Pick<StagedEntry, 'sha256' | 'pinned' | 'stagedVersion' | 'shape'>> {
  const shaper = new Shaper(file.dialect ?? emptyDialect, file)
  const bytes = opened.read(signal)
  const pinned = await stage.pin(file, opened.path)
  if (!pinned) {
    const { sha256, version } = await stage.put(file, bytes, (chunk) => shaper.push(chunk))
    return { sha256, pinned, stagedVersion: version, shape: shaper.shape() }
  }
  const hash = createHash('sha256')
  for await (const chunk of bytes) {
    hash.update(chunk)
    shaper.push(chunk)
  }
  const sha256 = hash.digest('hex')
  return { sha256, pinned, stagedVersion: file.version, shape: shaper.shape() }
}
