/** Source `directory`: files, folders and globs on the machine of the worker. */
import { realpathSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { isAbsolute, relative, sep } from 'node:path'
import type { UnpackLimits } from '../domain/unpack.ts'
import { sluiceError } from '../errors.ts'
import { mapOrdered } from '../io/mapOrdered.ts'
import { inSync } from '../io/syncRead.ts'
import { archiveOf, filesOf, openMember } from './archive.ts'
import { listFile, openFile } from './localFile.ts'
import type { Source } from './source.ts'
import { type Met, walk } from './walk.ts'

const looksAtOnce = 16

/**
 * @param roots absolute folders; nothing outside of them is read, also not through a link
 * @param limits null when archives are left as they are
 */
export function directorySource(
  path: string | string[],
  roots: string[],
  limits: UnpackLimits | null,
): Source {
  const wanted = typeof path === 'string' ? [path] : path
  const allowed = createAllowed(roots)
  return {
    async *list(onLeftOut) {
      const look = async (met: Met) => {
        const real = await allowed(met.path, met.real)
        return { real, file: await listFile(real, met.path) }
      }
      for (const each of wanted) {
        for await (const { real, file } of mapOrdered(walk(each, onLeftOut), looksAtOnce, look)) {
          for await (const found of filesOf(file, real, limits)) yield { ...found, place: 0 }
        }
      }
    },
    async open(file) {
      const real = await allowed(archiveOf(file), null)
      return file.member == null ? openFile(real, file) : openMember(real, file)
    },
  }
}

/** @returns finds out where a path leads, if it may be read */
function createAllowed(roots: string[]): (path: string, real: string | null) => Promise<string> {
  let known: Promise<string[]> | null = null
  return async (path, real) => {
    known ??= Promise.all(roots.map((root) => realpath(root).catch(() => root)))
    const found = real ?? (await realOf(path))
    if ((await known).some((root) => isInside(found, root))) return found
    throw sluiceError('path_not_allowed', { path, roots: roots.join(', ') })
  }
}

async function realOf(path: string): Promise<string> {
  try {
    return inSync(() => realpathSync.native(path))?.value ?? (await realpath(path))
  } catch {
    // The error comes, with its reason, when the file is opened.
    return path
  }
}

function isInside(path: string, root: string): boolean {
  const way = relative(root, path)
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way))
}
