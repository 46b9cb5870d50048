/** Source `directory`: files, folders and globs on the machine of the worker. */
import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { escapePath, glob, isDynamicPattern } from 'tinyglobby'
import { sluiceError } from '../errors.ts'
import { listFile, openFile } from './localFile.ts'
import type { Source } from './source.ts'

/** @param roots absolute folders; nothing outside of them is read, also not through a link */
export function directorySource(path: string | string[], roots: string[]): Source {
  const wanted = typeof path === 'string' ? [path] : path
  return {
    async *list() {
      const paths = new Set<string>()
      for (const each of wanted) {
        for (const found of await expand(each)) paths.add(found)
      }
      // Code unit order: the same on every machine.
      for (const found of [...paths].sort()) {
        yield await listFile(await allowed(found, roots), found)
      }
    },
    open: async (file) => openFile(await allowed(file.name, roots), file),
  }
}

async function expand(path: string): Promise<string[]> {
  const absolute = resolve(path)
  const stats = await stat(absolute).catch(() => null)
  if (stats?.isFile()) return [absolute]
  const pattern = stats?.isDirectory() ? `${escapePath(absolute)}/*` : absolute
  if (!stats && !isDynamicPattern(path)) throw sluiceError('source_empty', { path })
  const found = await glob(pattern, { absolute: true, onlyFiles: true, expandDirectories: false })
  if (found.length === 0) throw sluiceError('source_empty', { path })
  return found
}

/** @throws path_not_allowed */
async function allowed(path: string, roots: string[]): Promise<string> {
  const real = await realpath(path).catch(() => path)
  const realRoots = await Promise.all(roots.map((root) => realpath(root).catch(() => root)))
  if (realRoots.some((root) => isInside(real, root))) return real
  throw sluiceError('path_not_allowed', { path, roots: roots.join(', ') })
}

function isInside(path: string, root: string): boolean {
  const way = relative(root, path)
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way))
}
