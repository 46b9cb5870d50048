/** Source `upload`: files that clients put into the stage before. */
import { sluiceError } from '../errors.ts'
import { listFile, openFile } from './localFile.ts'
import type { Source } from './source.ts'

/** @param pathOf where the bytes of an upload lie */
export function uploadSource(uploads: readonly string[], pathOf: (name: string) => string): Source {
  const missing = (name: string) => (error: unknown) => {
    const { code } = error as { code?: string }
    throw code === 'file_vanished'
      ? sluiceError('upload_not_found', { name }, { cause: error })
      : error
  }
  return {
    async *list() {
      for (const name of uploads) yield await listFile(pathOf(name), name).catch(missing(name))
    },
    open: (file) => openFile(pathOf(file.name), file),
  }
}
