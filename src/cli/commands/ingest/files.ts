/** The files of a dry run: which are loaded, and how the heads of the first ones would be read. */

import { clutterOf } from '../../../domain/clutter.ts'
import { ColumnValues } from '../../../domain/columnValues.ts'
import { LeftOut } from '../../../domain/leftOut.ts'
import { mustBeOnly } from '../../../domain/membersTwice.ts'
import type { FileShape, FirstTable, ListedFile } from '../../../domain/words.ts'
import type { Note } from '../../../errors/notes.ts'
import { sluiceError } from '../../../errors.ts'
import type { Head } from '../../../formats/format.ts'
import type { TargetTable } from '../../../postgres/target/targetTable.ts'
import { pathsIn } from '../../../sources/index.ts'
import type { Source } from '../../../sources/source.ts'
import { findFirstTable } from '../../../spec/files/firstTable.ts'
import { emptyShape, notesBeside, readIn } from '../../../spec/files/reading.ts'
import { addValues, FileSorter } from '../../../spec/files/sorter.ts'
import { type Opening, readHead } from '../../../spec/files/text.ts'
import { layoutOf } from '../../../spec/files/unlike.ts'
import { type FullSpec, namedFiles } from '../../../spec/spec.ts'
import { scanFile } from './guess.ts'
import { type Problem, toProblem } from './problem.ts'

/** A dry run reads the heads of so many files at most: it should answer in seconds. */
const headsMax = 100
/** Besides the first table, as much is read to its end to see the types of all values. */
const scannedBytesMax = 1 << 28
/** As in list: so many files in front may be something else than tables. */
const candidatesMax = 16

export interface Listing {
  /** In the order of their loading. */
  files: ListedFile[]
  leftOut: LeftOut
}

/** @throws archive_empty, source_left_out, and what listing a source throws */
export async function listFiles({ source, spec, opening: { signal } }: Reader): Promise<Listing> {
  const leftOut = new LeftOut()
  const isNamed = namedFiles(spec.source)
  const found = new Map<string, { file: ListedFile; key: Buffer }>()
  const leave = (name: string, why: string) => void leftOut.add(why, name)
  for await (const file of source.list(signal, leave)) {
    mustBeOnly(file, found.get(file.name)?.file)
    const why = isNamed(file) ? null : clutterOf(file)
    if (why !== null) leftOut.add(why, file.name)
    else found.set(file.name, { file, key: Buffer.from(file.name) })
  }
  const files = [...found.values()]
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ file }) => file)
  if (files.length > 0) return { files, leftOut }
  const path = pathsIn(spec.source).join(', ')
  if (leftOut.count === 0) throw sluiceError('archive_empty', { path })
  throw sluiceError('source_left_out', { path, files: leftOut.shown })
}

export interface Reader {
  source: Source
  spec: FullSpec
  opening: Opening
}

/** @throws what finding the first table of an ingest throws */
export async function firstTableOf(
  { files }: Listing,
  { source, spec, opening }: Reader,
): Promise<FirstTable | null> {
  const candidates = files.filter(({ sizeBytes }) => sizeBytes > 0).slice(0, candidatesMax)
  const { first } = await findFirstTable(candidates, { source, spec, target: null, opening })
  return first
}

export interface Heads {
  /** How many were read. */
  count: number
  notes: Note[]
  /** Why the ingest would fail; null where nothing speaks against it. */
  problem: Problem | null
  /** What the values are of the files that were read to their end, by their place in the listing. */
  values: ColumnValues
  /** How many files of data were read to their end, and how many were not. */
  scanned: number
  unscanned: number
  /** Columns that the first table does not have, nor the target. */
  added: ReadonlySet<string>
}

/** The first table, which has been read to its end. */
export interface Scanned extends FirstTable {
  shape: FileShape
}

interface Aim {
  reader: Reader
  first: Scanned | null
  target: TargetTable | null
}

/**
 * Reads the heads of the first files as staging does, and sorts the files as plan does. As many as
 * may be read in a few seconds are read to their end.
 */
export async function readHeads(
  { files, leftOut }: Listing,
  { reader, first, target }: Aim,
): Promise<Heads> {
  const { spec } = reader
  const layout = layoutOf(spec, target?.columns ?? null)
  const entry = { spec, reading: first?.reading ?? null, firstTable: first }
  const heads = files.slice(0, headsMax)
  const values = new ColumnValues()
  const found = { count: heads.length, values, added: layout.added }
  let scanned = 0
  let empty = 0
  let bytes = 0
  const isRead = ({ name }: ListedFile) => name === first?.name || bytes <= scannedBytesMax
  try {
    const sorter = new FileSorter(layout, entry)
    for (const [fileNo, file] of heads.entries()) {
      const { shape, head } = await shapeOf(file, entry, reader)
      if (file.name !== first?.name) bytes += file.sizeBytes
      const whole =
        head !== null && isRead(file) ? await wholeOf(file, head, { shape, first, reader }) : null
      const placed = sorter.columnsOf(file, whole ?? shape)
      if (placed === null) empty++
      if (placed === null || whole === null) continue
      sorter.read(file, whole)
      addValues(values, { fileNo, shape: whole }, placed)
      scanned++
    }
    const notes = sorter.notes(pathsIn(spec.source).join(', '))
    const unscanned = files.length - scanned - empty
    return { ...found, notes: [...leftOut.notes, ...notes], problem: null, scanned, unscanned }
  } catch (error) {
    const unscanned = files.length - scanned - empty
    return { ...found, notes: leftOut.notes, problem: toProblem(error), scanned, unscanned }
  }
}

/** With what only all of its records show. */
async function wholeOf(
  file: ListedFile,
  head: Omit<Head, 'notes'>,
  { shape: { notes }, first, reader }: Pick<HeadShape, 'shape'> & Pick<Aim, 'first' | 'reader'>,
): Promise<FileShape> {
  const whole = file.name === first?.name ? first.shape : await scanFile(reader, file, head)
  const all = [...(notes ?? []), ...(whole.notes ?? [])]
  return { ...whole, ...(all.length > 0 && { notes: all }) }
}

interface HeadShape {
  shape: FileShape
  /** Null for a file that is no data. */
  head: Omit<Head, 'notes'> | null
}

/** The shape of a file by its head, without what only the whole file shows. */
async function shapeOf(
  file: ListedFile,
  entry: Parameters<typeof readIn>[0],
  { source, spec, opening }: Reader,
): Promise<HeadShape> {
  const text = await readHead(source, file, opening)
  const isNamed = namedFiles(spec.source)(file)
  const read = readIn(entry, { ...file, isNamed }, text)
  if ('leftOut' in read) return { shape: emptyShape(entry, read.leftOut), head: null }
  const { reading, header, width, sparse } = read.head
  const notes = notesBeside(entry, file.name, { head: read.head })
  const fields = { reading, header, width, ...(sparse && { sparse }) }
  return { shape: { ...fields, cuts: [], flaws: [], ...notes }, head: read.head }
}
