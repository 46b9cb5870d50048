/** Finds the files of a path, a folder or a glob, one by one: no list of them is ever held. */
import type { Dirent } from 'node:fs'
import { opendir, realpath, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import picomatch from 'picomatch'
import { messageOf, sluiceError } from '../errors.ts'

export interface Met {
  path: string
  /** Where it lies when no link on the way counts; null when that is yet to be found out. */
  real: string | null
}

/** @throws source_empty */
export async function* walk(path: string): AsyncGenerator<Met> {
  const absolute = resolve(path)
  const stats = await stat(absolute).catch(() => null)
  if (stats?.isFile()) {
    yield { path: absolute, real: null }
    return
  }
  if (!stats && !isDynamic(path)) throw sluiceError('source_empty', { path })
  const { base, parts } = stats?.isDirectory()
    ? { base: absolute, parts: ['*'] }
    : splitGlob(absolute)
  let isFound = false
  const real = await realpath(base).catch(() => null)
  if (real !== null) {
    const glob = parts.join('/')
    const branch = { folder: base, real, way: '', above: [] }
    const matches = { file: picomatch(glob, options), folder: mayHold(parts) }
    for await (const met of walkFolder(branch, matches)) {
      isFound = true
      yield met
    }
  }
  if (!isFound) throw sluiceError('source_empty', { path })
}

const options = { posix: true }

const isDynamic = (glob: string): boolean => {
  const { isGlob, negated } = picomatch.scan(glob) as { isGlob: boolean; negated?: boolean }
  return isGlob || negated === true
}

/** The folder that a glob starts from, and its parts below. */
function splitGlob(glob: string): { base: string; parts: string[] } {
  const { parts = [] } = picomatch.scan(glob, { parts: true })
  const dynamic = parts.findIndex((part) => isDynamic(part))
  const fixed = dynamic < 0 ? parts.length - 1 : dynamic
  const base = parts.slice(0, fixed).map((part) => part.replace(/\\(.)/g, '$1'))
  return { base: resolve('/', ...base), parts: parts.slice(fixed) }
}

interface Branch {
  folder: string
  /** The folder behind its links. */
  real: string
  /** From the folder that the glob starts from. */
  way: string
  /** Real folders on the way here: a link to one of them leads round in circles. */
  above: readonly string[]
}

interface Matches {
  file: (way: string) => boolean
  /** Whether a match may lie in the folder. */
  folder: (way: string) => boolean
}

async function* walkFolder(branch: Branch, matches: Matches): AsyncGenerator<Met> {
  const { folder, real, way } = branch
  const above = [...branch.above, real]
  for await (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name)
    const here = way + entry.name
    const isLink = entry.isSymbolicLink()
    const kind = await kindOf(entry, path)
    if (kind === 'file' && matches.file(here)) {
      yield { path, real: isLink ? null : join(real, entry.name) }
    }
    if (kind !== 'folder' || !matches.folder(here)) continue
    const inner = isLink ? await realpath(path) : join(real, entry.name)
    const isCircle = above.includes(inner)
    if (!isCircle) yield* walkFolder({ folder: path, real: inner, way: `${here}/`, above }, matches)
  }
}

const entriesOf = (folder: string) =>
  opendir(folder, { bufferSize: 1024 }).catch((error) => {
    // Left out without a word it would be rows that nobody misses.
    throw sluiceError('file_unreadable', { file: folder, problem: messageOf(error) })
  })

/** Links count as what they lead to; one that leads nowhere is nothing. */
async function kindOf(entry: Dirent, path: string): Promise<'file' | 'folder' | null> {
  const what = entry.isSymbolicLink() ? await stat(path).catch(() => null) : entry
  if (what?.isFile()) return 'file'
  return what?.isDirectory() ? 'folder' : null
}

/** Part by part, as far as the folder goes; from `**` on everything may be. */
function mayHold(parts: string[]): (way: string) => boolean {
  const steps = parts.map((part) => ({ part, is: picomatch(part, options) }))
  // `**` does not go into hidden folders; only what names them does.
  const namesHidden = parts.some((part) => /(^|[{(,|])\./.test(part))
  return (way) => {
    const names = way.split('/')
    for (const [at, name] of names.entries()) {
      const step = steps[at]
      // The last part is for files.
      if (!step || (at === steps.length - 1 && !isOpen(step.part))) return false
      if (isOpen(step.part)) return namesHidden || !names.slice(at).some(isHidden)
      if (!step.is(name)) return false
    }
    return true
  }
}

/** Parts that may stand for several folders. */
const isOpen = (part: string): boolean => part.includes('**') || part.includes('/')

const isHidden = (name: string): boolean => name.startsWith('.')
