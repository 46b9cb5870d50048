/** What the SOURCE arguments mean: paths that the worker can read itself, or files to send. */
import { stat } from 'node:fs/promises'
import { basename, isAbsolute, resolve } from 'node:path'
import { clutterOf } from '../../../domain/clutter.ts'
import { escapeGlob } from '../../../domain/glob.ts'
import { type Selection, type SelectionOptions, selectionOf } from '../../../domain/selection.ts'
import { SomeNames } from '../../../domain/someNames.ts'
import { mustBePath } from '../../../domain/sourcePath.ts'
import { leftOutMax, uploadName as nameOfUpload } from '../../../domain/upload.ts'
import { SluiceError, sluiceError } from '../../../errors.ts'
import { walkInto } from '../../../io/walkInto.ts'
import type { SourceOptions } from '../../../sources/index.ts'
import type { Given, OnLeftOut } from '../../../sources/source.ts'
import { addressed } from './addresses.ts'
import { listOf } from './list.ts'
import { type Stdin, stdinOf } from './stdin.ts'

export interface LocalFile {
  path: string
  sizeBytes: number
  /** An argument names the file itself, not a folder or a glob. */
  isNamed: boolean
  /** Globs for those of its members that are meant; absent for the whole file. */
  members?: string[]
}

export type Found =
  /** What the worker reads itself. */
  | { source: SourceOptions }
  /** Standard input, which has to be sent. */
  | Stdin
  /** Files of this machine that have to be sent, and what they are a source of when they are. */
  | { files: LocalFile[]; sourceOf(uploads: string[]): SourceOptions }

/** A file of a folder that is no data. */
interface LeftBehind {
  name: string
  why: string
}

interface Options {
  /** Whether the worker reads the same files as we do. */
  isOwnMachine: boolean
  upload: boolean
  /** Steps are for files of any kind. */
  hasSteps: boolean
  /** What is said beside addresses. */
  given: Given
  /** The file that is named has the addresses. */
  list?: boolean | undefined
  /** What standard input is called. */
  name?: string | undefined
}

/** @throws file_missing, source_left_out, usage_invalid, source_unsupported, url_invalid */
export async function findSources(
  sources: readonly string[],
  { isOwnMachine, upload, hasSteps, given, list = false, name }: Options,
): Promise<Found> {
  const stdin = stdinOf(sources, name)
  if (stdin) return stdin
  if (list) return listOf(sources, { isSent: upload || !isOwnMachine, given })
  const source = addressed(sources, given)
  if (source) return { source }
  const { selection = {} } = given
  // A variable of the shell that is not set; it would be the folder that the command runs in.
  if (sources.includes('')) throw sluiceError('file_missing', { path: '""' })
  const leftOut: LeftBehind[] = []
  const leave = (name: string, why: string) =>
    void leftOut.push({ name, why: clutterOf({ name }) ?? why })
  const here = await Promise.all(sources.map((path) => expand(path, leave)))
  const missing = sources.find((_, index) => here[index]?.length === 0)
  if (missing !== undefined) {
    // Nothing of that name is here, but it may well be there: an absolute path says so.
    const isThere = !isOwnMachine && !upload && sources.every((path) => isAbsolute(path))
    if (isThere && here.every((files) => files.length === 0)) {
      return { source: directoryOf([...sources], selection) }
    }
    throw sluiceError('file_missing', { path: missing })
  }
  if (isOwnMachine && !upload) return { source: directoryOf(await absolute(sources), selection) }
  const named = new Set(await absolute(sources))
  const isData = (name: string) => {
    const why = named.has(name) || hasSteps ? null : clutterOf({ name })
    if (why !== null) leftOut.push({ name, why })
    return why === null
  }
  const data = await sized(
    here.flat().filter(({ path }) => isData(path)),
    named,
  )
  const files = chosen(data, selectionOf(selection), (name, why) => leftOut.push({ name, why }))
  if (files.length > 0) return sending(files, leftOut.slice(0, leftOutMax))
  const some = new SomeNames()
  for (const { name } of leftOut) some.add(name)
  throw sluiceError('source_left_out', { path: sources.join(', '), files: some.shown })
}

/** Those that are meant, in their order. */
function chosen(
  files: readonly Sized[],
  selection: Selection,
  leave: (name: string, why: string) => void,
): Sized[] {
  const placed = files.flatMap((file) => {
    const known = { name: file.path, modifiedMs: file.modifiedMs }
    const why = selection.why(known)
    if (why !== null) leave(file.path, why)
    return why === null ? [{ file, place: selection.place(known) }] : []
  })
  return placed.sort((a, b) => a.place - b.place).map(({ file }) => file)
}

export const directoryOf = (paths: string[], selection: SelectionOptions = {}): SourceOptions => ({
  kind: 'directory',
  path: paths.length === 1 ? (paths[0] as string) : paths,
  ...selection,
})

const sending = (files: LocalFile[], leftOut: LeftBehind[]): Found => ({
  files,
  sourceOf(names) {
    const unnamed = names.filter((_, index) => !files[index]?.isNamed)
    const uploads = names.flatMap((name, index) => {
      const { members } = files[index] as LocalFile
      return members ? members.map((each) => `${name}/${each}`) : name
    })
    return {
      kind: 'upload',
      uploads,
      ...(unnamed.length > 0 && { unnamed }),
      ...(leftOut.length > 0 && { leftOut }),
    }
  },
})

/**
 * The files that a path, a folder or a glob of this machine stands for, in order.
 * @throws source_unsupported, file_name_invalid
 */
export async function expand(path: string, onLeftOut?: OnLeftOut): Promise<Expanded[]> {
  mustBePath(path)
  const found: Expanded[] = []
  try {
    for await (const { path: each, only } of walkInto(await absolutePath(path), { onLeftOut })) {
      found.push({ path: each, members: only?.text ?? null })
    }
  } catch (error) {
    if (!(error instanceof SluiceError && error.code === 'source_empty')) throw error
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1))
}

interface Expanded {
  path: string
  /** A glob for those of its members that are meant; null for the whole file. */
  members: string | null
}

/** A glob stays one: the same words tomorrow are the same spec. */
const absolute = (sources: readonly string[]): Promise<string[]> =>
  Promise.all(sources.map(absolutePath))

/** The folder that we are in may have characters in its name that mean something in a glob. */
async function absolutePath(path: string): Promise<string> {
  if (isAbsolute(path) || (await stat(path).catch(() => null))) return resolve(path)
  return resolve(escapeGlob(process.cwd()), path)
}

interface Sized extends LocalFile {
  modifiedMs: number
}

/** Each file once. */
function sized(found: readonly Expanded[], named: ReadonlySet<string>): Promise<Sized[]> {
  const globs = new Map<string, (string | null)[]>()
  for (const { path, members } of found) globs.set(path, [...(globs.get(path) ?? []), members])
  return Promise.all(
    [...globs].map(async ([path, all]) => {
      const { size: sizeBytes, mtimeMs: modifiedMs } = await stat(path)
      const members = [...new Set(all)].filter((each) => each !== null)
      const isWhole = all.includes(null)
      return {
        ...{ path, sizeBytes, modifiedMs, isNamed: named.has(path) },
        ...(!isWhole && { members }),
      }
    }),
  )
}

/** The name of an upload: no other ingest has it, and the file can still be recognised. */
export const uploadName = (
  ingestId: string,
  { path }: Pick<LocalFile, 'path'>,
  index: number,
): string => nameOfUpload(ingestId, basename(path), index)
