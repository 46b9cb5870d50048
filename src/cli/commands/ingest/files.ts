/** The files of a dry run: which are loaded, and how the heads of the first ones would be read. */

import { clutterOf } from '../../../domain/clutter.ts'
import { Layout } from '../../../domain/layout.ts'
import { LeftOut } from '../../../domain/leftOut.ts'
import type { UnpackLimits } from '../../../domain/unpack.ts'
import type { FileShape, FirstTable, ListedFile } from '../../../domain/words.ts'
import type { Note } from '../../../errors/notes.ts'
import { sluiceError } from '../../../errors.ts'
import type { TargetTable } from '../../../postgres/target/targetTable.ts'
import { readHeadBytes } from '../../../sources/head.ts'
import { namesIn } from '../../../sources/options.ts'
import type { Source } from '../../../sources/source.ts'
import { findFirstTable } from '../../../spec/files/firstTable.ts'
import { emptyShape, notesBeside, readIn } from '../../../spec/files/reading.ts'
import { FileSorter } from '../../../spec/files/sorter.ts'
import { type FullSpec, namedFiles } from '../../../spec/spec.ts'
import type { FullTarget } from '../../../spec/target.ts'
import { type Problem, toProblem } from './problem.ts'

/** A dry run reads the heads of so many files at most: it should answer in seconds. */
const headsMax = 100
/** As in list: so many files in front may be something else than tables. */
const candidatesMax = 16

export interface Listing {
  /** In the order of their loading. */
  files: ListedFile[]
  leftOut: LeftOut
}

/** @throws archive_empty, source_left_out, and what listing a source throws */
export async function listFiles(source: Source, spec: FullSpec): Promise<Listing> {
  const leftOut = new LeftOut()
  const isNamed = namedFiles(spec.source)
  const found = new Map<string, { file: ListedFile; key: Buffer }>()
  const leave = (name: string, why: string) => void leftOut.add(clutterOf({ name }) ?? why, name)
  for await (const file of source.list(leave)) {
    const why = isNamed(file) ? null : clutterOf(file)
    if (why !== null) leftOut.add(why, file.name)
    else found.set(file.name, { file, key: Buffer.from(file.name) })
  }
  const files = [...found.values()]
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ file }) => file)
  if (files.length > 0) return { files, leftOut }
  const path = namesIn(spec.source).join(', ')
  if (leftOut.count === 0) throw sluiceError('archive_empty', { path })
  throw sluiceError('source_left_out', { path, files: leftOut.shown })
}

export interface Reader {
  source: Source
  spec: FullSpec
  limits: UnpackLimits
}

/** @throws what finding the first table of an ingest throws */
export async function firstTableOf(
  { files }: Listing,
  { source, spec, limits }: Reader,
): Promise<FirstTable | null> {
  const candidates = files.filter(({ sizeBytes }) => sizeBytes > 0).slice(0, candidatesMax)
  const { signal } = new AbortController()
  const { first } = await findFirstTable(candidates, { source, spec, target: null, limits, signal })
  return first
}

export interface Heads {
  /** How many were read. */
  count: number
  notes: Note[]
  /** Why the ingest would fail; null where nothing speaks against it. */
  problem: Problem | null
}

/** Reads the heads of the first files as staging does, and sorts the files as plan does. */
export async function readHeads(
  { files, leftOut }: Listing,
  {
    reader,
    first,
    target,
  }: { reader: Reader; first: FirstTable | null; target: TargetTable | null },
): Promise<Heads> {
  const { spec } = reader
  const knowsOne = spec.format.unknownFiles === 'skip'
  const layout = new Layout(spec.target as FullTarget, target?.columns ?? null, { knowsOne })
  const entry = { spec, dialect: first?.dialect ?? null, firstTable: first }
  const heads = files.slice(0, headsMax)
  try {
    const sorter = new FileSorter(layout, entry)
    for (const file of heads) sorter.columnsOf(file, await shapeOf(file, entry, reader))
    const notes = sorter.notes(namesIn(spec.source).join(', '))
    return { count: heads.length, notes: [...leftOut.notes, ...notes], problem: null }
  } catch (error) {
    return { count: heads.length, notes: leftOut.notes, problem: toProblem(error) }
  }
}

/** The shape of a file by its head, without what only the whole file shows. */
async function shapeOf(
  file: ListedFile,
  entry: Parameters<typeof readIn>[0],
  { source, spec, limits }: Reader,
): Promise<FileShape> {
  const { format } = spec
  const { bytes: head, whole } = await readHeadBytes(source, file, { format, limits })
  const isNamed = namedFiles(spec.source)(file)
  const read = readIn(entry, { ...file, isNamed }, { head, whole })
  if ('leftOut' in read) return emptyShape(read.leftOut)
  const { dialect, header, width } = read.head
  const notes = notesBeside(entry, file.name, read.head)
  return { dialect, header, width, cuts: [], flaws: [], ...notes }
}
