/** A spool in a folder. A kept file is written once, and never changes. */
import { join } from 'node:path'
import { listFile, noneIfVanished, openFile } from '../io/localFile.ts'
import type { Spool } from '../io/spool.ts'
import { writeWhole } from './write.ts'

export function localSpool(folder: string): Spool {
  const pathOf = (key: string) => join(folder, `spool-${key}`)
  return {
    async put(key, bytes) {
      await writeWhole(pathOf(key), bytes, { tap() {}, replace: false })
    },
    async open(key, name, signal) {
      const found = await listFile(pathOf(key), name).catch(noneIfVanished)
      if (!found) return null
      return { opened: await openFile(pathOf(key), found, signal), sizeBytes: found.sizeBytes }
    },
  }
}
