/** stage: files of one lot → stage, with sha256, record-safe cut points, line and record counts. */
import { createHash } from 'node:crypto'
import { Shaper } from '../src/csv/shape.ts'
import { type FileEntry, readLot, recordStaged, type StagedEntry } from '../src/postgres/files.ts'
import { enterPhase, isOver, mustBeActive, readIngest } from '../src/postgres/ingests.ts'
import { openSource } from '../src/sources/open.ts'
import type { OpenFile } from '../src/sources/source.ts'
import type { Stage, StagedFile } from '../src/stage/stage.ts'
import { alive, type IngestInput } from './alive.ts'
import type { Deps } from './deps.ts'
import { emptyDialect } from './shape.ts'

/** Stages the files of a lot; one that an earlier attempt has staged is not staged again. */
export const stageLot =
  (deps: Deps) =>
  async (input: IngestInput & { lotNo: number }): Promise<void> =>
    alive(deps, input, async (signal) => {
      const { db, stage, sourceRoots } = deps
      const { ingestId, lotNo } = input
      await enterPhase(db, ingestId, 'stage')
      const { spec, dialect } = await readIngest(db, ingestId)
      const source = openSource(spec.source, { roots: sourceRoots, uploadPath: stage.uploads.path })
      for (const file of await readLot(db, ingestId, lotNo)) {
        if (file.sha256) continue
        // A step may be for files of any kind; what it leaves is looked at after it.
        const shaper = spec.steps ? null : new Shaper(dialect ?? emptyDialect, file)
        const opened = await source.open(file)
        const incoming = { file: { ingestId, ...file }, shaper, signal }
        const staged = await bringIn(stage, opened, incoming).finally(() => opened.close())
        await recordStaged(db, ingestId, { fileNo: file.fileNo, ...staged })
      }
      // A late attempt may have staged files after the sweep: they are nobody's then.
      const entry = await readIngest(db, ingestId)
      if (isOver(entry.state)) await stage.clear(ingestId)
      mustBeActive(ingestId, entry)
    })

interface Incoming {
  file: FileEntry & StagedFile
  shaper: Shaper | null
  signal: AbortSignal
}

async function bringIn(
  stage: Stage,
  opened: OpenFile,
  { file, shaper, signal }: Incoming,
): Promise<Pick<StagedEntry, 'sha256' | 'pinned' | 'stagedVersion' | 'shape'>> {
  const bytes = opened.read(signal)
  const pinned = await stage.pin(file, opened.path)
  if (!pinned) {
    const { sha256, version } = await stage.put(file, bytes, (chunk) => shaper?.push(chunk))
    return { sha256, pinned, stagedVersion: version, shape: shaper?.shape() ?? null }
  }
  const hash = createHash('sha256')
  for await (const chunk of bytes) {
    hash.update(chunk)
    shaper?.push(chunk)
  }
  const sha256 = hash.digest('hex')
  return { sha256, pinned, stagedVersion: file.version, shape: shaper?.shape() ?? null }
}
