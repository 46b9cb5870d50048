/** Finds the files of a path, a folder or a glob, one by one: no list of them is ever held. */
import { isUtf8 } from 'node:buffer'
import type { Dirent, Stats } from 'node:fs'
import { opendir, readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { type Glob, parseGlob, splitGlob } from '../domain/glob.ts'
import { messageOf, sluiceError } from '../errors.ts'

export interface WalkOptions {
  signal?: AbortSignal
  /** Hears of what lies in a folder that is named itself, and is not walked. */
  onLeftOut?: ((path: string, why: string) => void) | undefined
}

export interface Met {
  path: string
  /** Where it lies when no link on the way counts; null when that is yet to be found out. */
  real: string | null
}

/** @throws source_empty, source_not_a_file, glob_invalid, file_name_invalid */
export async function* walk(
  path: string,
  { signal, onLeftOut }: WalkOptions = {},
): AsyncGenerator<Met> {
  const absolute = resolve(path)
  const stats = await stat(absolute).catch(() => null)
  if (stats?.isFile()) {
    yield { path: absolute, real: null }
    return
  }
  if (stats && !stats.isDirectory()) {
    throw sluiceError('source_not_a_file', { path, what: nounOf(stats) })
  }
  const refuse = (problem: string) => sluiceError('glob_invalid', { path, problem })
  const from = stats?.isDirectory() ? { base: absolute, below: '*' } : splitGlob(absolute, refuse)
  let isFound = false
  const real = from && (await realFolder(from.base))
  if (from && real) {
    const glob = parseGlob(from.below, 'files', refuse)
    const hears = stats?.isDirectory() && onLeftOut ? { onLeftOut } : {}
    const branch = {
      folder: resolve(from.base),
      real,
      way: '',
      above: [],
      ways: new Map(),
      isLinked: false,
      ...hears,
    }
    for await (const met of walkFolder(branch, glob, signal)) {
      isFound = true
      yield met
    }
  }
  if (isFound) return
  await mustBeText(dirname(absolute), basename(absolute))
  throw sluiceError('source_empty', { path })
}

/** @returns null for one that is not there, or is a file */
async function realFolder(path: string): Promise<string | null> {
  const found = await stat(path).catch(() => null)
  return found?.isFile() ? null : realpath(path).catch(() => null)
}

const nounOf = (stats: Pick<Stats, 'isFIFO' | 'isSocket'>): `a ${string}` => {
  if (stats.isFIFO()) return 'a pipe'
  return stats.isSocket() ? 'a socket' : 'a device'
}

/** What stands for bytes that are no text: Node hides them behind it. */
const replacement = '\ufffd'

/** @throws file_name_invalid when the name is only what is left of another one */
async function mustBeText(folder: string, name: string): Promise<void> {
  if (!name.includes(replacement)) return
  const names = await readdir(folder, 'buffer').catch(() => [])
  const found = names.find((each) => !isUtf8(each) && each.toString() === name)
  if (!found) return
  const bytes = found.toString('latin1').replace(/[^ -~]/g, (byte) => {
    return `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  throw sluiceError('file_name_invalid', { file: join(folder, name), bytes })
}

interface Branch {
  folder: string
  /** The folder behind its links. */
  real: string
  /** The path relative to the folder that the glob starts from. */
  way: string
  /** Real folders on the way here: a link to one of them leads round in circles. */
  above: readonly string[]
  onLeftOut?: WalkOptions['onLeftOut']
  /** In how many ways the walk has come to each folder that a link led to. */
  ways: Map<string, number>
  /** A link is on the way. */
  isLinked: boolean
}

/** Folders that link to one another twice have more ways than anybody can walk: 2^n for n of them. */
const waysMax = 64

async function* walkFolder(
  branch: Branch,
  glob: Glob,
  signal: AbortSignal | undefined,
): AsyncGenerator<Met> {
  const { folder, real, way } = branch
  const above = [...branch.above, real]
  for await (const entry of await entriesOf(folder)) {
    signal?.throwIfAborted()
    const path = join(folder, entry.name)
    const here = way + entry.name
    const isLink = entry.isSymbolicLink()
    const kind = await kindOf(entry, path)
    if (kind === 'file' && glob.matches(here)) {
      await mustBeText(folder, entry.name)
      yield { path, real: isLink ? null : join(real, entry.name) }
    } else tell(path, kind, branch)
    if (kind !== 'folder' || !glob.mayBegin(`${here}/`)) continue
    const inner = isLink ? await realpath(path) : join(real, entry.name)
    if (above.includes(inner)) continue
    const { ways } = branch
    const isLinked = isLink || branch.isLinked
    if (isLinked) addWay(ways, inner)
    const below = { folder: path, real: inner, way: `${here}/`, above, ways, isLinked }
    yield* walkFolder(below, glob, signal)
  }
}

/** @throws file_unreadable */
function addWay(ways: Map<string, number>, folder: string): void {
  const count = (ways.get(folder) ?? 0) + 1
  ways.set(folder, count)
  if (count <= waysMax) return
  const problem = `links lead to it in more than ${waysMax} ways`
  throw sluiceError('file_unreadable', { file: folder, problem })
}

/** Hidden folders are those of tools. */
function tell(path: string, kind: FoundKind, { onLeftOut }: Branch): void {
  const isHidden = basename(path).startsWith('.')
  if (kind === 'file') onLeftOut?.(path, 'hidden')
  else if (kind !== 'folder') onLeftOut?.(path, kind)
  else if (!isHidden) onLeftOut?.(path, 'a folder in the folder')
}

const entriesOf = (folder: string) =>
  opendir(folder, { bufferSize: 1024 }).catch((error) => {
    // A folder that cannot be read fails the listing: skipping it would lose rows silently.
    throw sluiceError('file_unreadable', { file: folder, problem: messageOf(error) })
  })

/** A file, a folder, or what else it is. */
type FoundKind = 'file' | 'folder' | `a ${string}`

/** Links count as what they lead to. */
async function kindOf(entry: Dirent, path: string): Promise<FoundKind> {
  const what = entry.isSymbolicLink() ? await stat(path).catch(() => null) : entry
  if (what === null) return 'a link that leads nowhere'
  if (what.isFile()) return 'file'
  return what.isDirectory() ? 'folder' : nounOf(what)
}
