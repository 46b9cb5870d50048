/** A staged file on this machine, for what reads paths: where the stage has it, or a copy. */
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Stage, StagedFile, StagedState } from './stage.ts'
import { stageError } from './write.ts'

/**
 * @param to where a copy goes, if there must be one
 * @throws staged_file_damaged, file_changed, stage_full
 */
export async function localCopy(
  stage: Stage,
  file: StagedFile & StagedState,
  to: string,
): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await stage.local(file)
  if (path !== null) return { path, remove: async () => {} }
  const remove = () => rm(to, { force: true })
  try {
    const bytes = stage.read(file, { start: 0, end: file.sizeBytes })
    await pipeline(Readable.from(bytes), createWriteStream(to))
  } catch (error) {
    await remove()
    throw stageError(error, file.name)
  }
  return { path: to, remove }
}
