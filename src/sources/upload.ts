/** Source `upload`: files that clients put into the stage before. */

import type { UnpackLimits } from '../domain/unpack.ts'
import { sluiceError } from '../errors.ts'
import { mapOrdered } from '../io/mapOrdered.ts'
import { archiveOf, filesOf, openMember } from './archive.ts'
import { listFile, openFile } from './localFile.ts'
import type { Source } from './source.ts'

const looksAtOnce = 16

/**
 * @param pathOf where the bytes of an upload lie
 * @param limits null when archives are left as they are
 */
export function uploadSource(
  uploads: readonly string[],
  pathOf: (name: string) => string,
  limits: UnpackLimits | null,
): Source {
  const missing = (name: string) => (error: unknown) => {
    const { code } = error as { code?: string }
    throw code === 'file_vanished'
      ? sluiceError('upload_not_found', { name }, { cause: error })
      : error
  }
  return {
    async *list() {
      let place = 0
      const look = (name: string) => listFile(pathOf(name), name).catch(missing(name))
      for await (const file of mapOrdered(uploads, looksAtOnce, look)) {
        for await (const found of filesOf(file, pathOf(file.name), limits))
          yield { ...found, place }
        place++
      }
    },
    open: (file) =>
      file.member == null
        ? openFile(pathOf(file.name), file)
        : openMember(pathOf(archiveOf(file)), file),
  }
}
