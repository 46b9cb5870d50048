/** Source `directory`: files, folders and globs on the machine of the worker. */
import { realpathSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { isAbsolute, relative, sep } from 'node:path'
import { type Static, Type } from 'typebox'
import { clutterOf } from '../domain/clutter.ts'
import { selectionOf, selectionProperties } from '../domain/selection.ts'
import { mustBePath } from '../domain/sourcePath.ts'
import { sluiceError } from '../errors.ts'
import { listFile, openFile } from '../io/localFile.ts'
import { mapOrdered } from '../io/mapOrdered.ts'
import { inSync } from '../io/syncRead.ts'
import { type MetInto, walkInto } from '../io/walkInto.ts'
import type { Source, SourceDeps, SourceKind } from './source.ts'

const path = Type.String({ minLength: 1, maxLength: 4096 })

const options = Type.Object(
  {
    kind: Type.Literal('directory'),
    path: Type.Union([path, Type.Array(path, { minItems: 1, maxItems: 10_000 })], {
      description:
        'A file, a folder, or a glob, on the machine of the worker; or several. Behind an archive: ' +
        'which of its members, like `/data/2025.zip/*.csv`.',
    }),
    ...selectionProperties,
  },
  { additionalProperties: false, description: 'Files that the worker can read.' },
)
type Options = Static<typeof options>

const looksAtOnce = 16

export const directory = {
  options,
  paths: (spec: Options) => [spec.path].flat(),
  checkOptions(spec: Options) {
    for (const each of [spec.path].flat()) mustBePath(each)
    selectionOf(spec)
  },
  needsToken: true,
  open(spec: Options, { roots }: Pick<SourceDeps, 'roots'>): Source {
    const allowed = createAllowed(roots)
    const selection = selectionOf(spec)
    return {
      async *list(signal, onLeftOut) {
        // By its name one may tell better why a file is no data.
        const leave = (name: string, why: string) => onLeftOut?.(name, clutterOf({ name }) ?? why)
        const look = async ({ path, real, only }: MetInto) => {
          const file = await listFile(await allowed(path, real), path)
          return { ...file, ...(only && { only }) }
        }
        for (const each of [spec.path].flat()) {
          const found = walkInto(each, { signal, onLeftOut: leave })
          for await (const file of mapOrdered(found, looksAtOnce, look)) {
            signal.throwIfAborted()
            const known = { ...file, modifiedMs: file.modifiedMs ?? 0 }
            const why = selection.why(known)
            if (why === null) yield { ...file, place: selection.place(known) }
            else leave(file.name, why)
          }
        }
      },
      open: async (file, signal) => openFile(await allowed(file.name, null), file, signal),
    }
  },
} satisfies SourceKind<Options>

/**
 * Nothing outside of the roots is read, also not through a link.
 * @returns finds out where a path leads, if it may be read
 */
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
