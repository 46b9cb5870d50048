/** The columns that the fields of the first table would go to, and those that other files add. */
import type { Column } from '../../../domain/columns.ts'
import { ColumnValues } from '../../../domain/columnValues.ts'
import { evolves } from '../../../domain/layout.ts'
import { type FileHeader, matchHeader, newColumns } from '../../../domain/match.ts'
import type { PathPart } from '../../../domain/pathParts.ts'
import type { Given } from '../../../domain/rejected.ts'
import type { Constant, FileShape } from '../../../domain/words.ts'
import type { Note } from '../../../errors/notes.ts'
import type { TargetTable } from '../../../postgres/target/targetTable.ts'
import { addValues, type Placed, partsFor } from '../../../spec/files/sorter.ts'
import { columnsRead } from '../../../spec/files/unlike.ts'
import type { FullTarget } from '../../../spec/target.ts'
import type { Heads, Listing } from './files.ts'
import { guessOf, type Misfits } from './guess.ts'
import { type Problem, toProblem } from './problem.ts'

export interface FoundColumns {
  /**
   * The columns that the fields would go to, in their order, those without one left out; then those
   * that the file does not have.
   */
  columns: Column[]
  /** The values of the latter. */
  constants: Constant[]
  /** The column of each field; empty for one that has none. */
  fields: readonly string[]
  /** Columns that other files would add. */
  added: Column[]
  /** Where the types come from: the table, or a guess from all values. */
  typesFrom: 'target' | 'guess'
  /** Files whose values were all seen, and files that were not read to their end. */
  scanned: number
  unscanned: number
  misfits: Misfits[]
  notes: Note[]
  problem: Problem | null
}

interface Aim {
  into: FullTarget
  /** What the spec says of how files are read. */
  given: Given
  target: TargetTable | null
  heads: Heads
  listing: Listing
}

export function findColumns(file: FirstFile, aim: Aim): FoundColumns {
  const { into, target } = aim
  const { parts, problem: before } = partsOf(file, into)
  const first = { ...file, parts, beside: parts.map(({ name }) => name) }
  const anew = (problem: Problem | null) =>
    withTypes(newColumns(first, into.names), { ...aim, first, target: null, problem })
  if (!target || before) return anew(before)
  const style = into.names && { names: into.names }
  const to = {
    columns: columnsRead(into, target.columns),
    evolves: evolves(into.schema, true),
    ...style,
  }
  try {
    const names = matchHeader(first, { name: into.table, ...to })
    return withTypes(names, { ...aim, first, problem: null })
  } catch (error) {
    return anew(toProblem(error))
  }
}

interface FirstFile extends FileHeader {
  header: string[] | null
  shape: FileShape
}

function partsOf({ file, header }: FirstFile, target: FullTarget) {
  try {
    return { parts: partsFor({ target }, { file, header }, file), problem: null }
  } catch (error) {
    return { parts: [], problem: toProblem(error) }
  }
}

interface Typing extends Aim {
  first: FirstFile & { parts: readonly PathPart[] }
  problem: Problem | null
}

function withTypes(
  names: readonly string[],
  { into, given, target, first, problem, ...files }: Typing,
): FoundColumns {
  const read = columnsRead(into, target?.columns ?? [])
  const there = new Map(read.map((column) => [column.name, column]))
  const { width, parts } = first
  const constants = parts.map(({ value }, at) => ({ column: names[width + at] as string, value }))
  const fields = names.slice(0, width)
  const placed = { columns: fields, constants }
  const { values, scanned, unscanned, added } = seenValues(placed, first, files)
  const fileOf = (fileNo: number) => files.listing.files[fileNo]?.name ?? first.file
  const others = [...added].filter((name) => !names.includes(name))
  const isNew = (name: string) => !there.has(name)
  const guessed = guessOf(values, [...names.filter(Boolean), ...others].filter(isNew), {
    into,
    given,
    fileOf,
  })
  const types = new Map(guessed.columns.map((column) => [column.name, column]))
  const columnOf = (name: string): Column => {
    const known = there.get(name)
    return known ? { name, type: known.type } : (types.get(name) ?? { name, type: 'text' })
  }
  return {
    columns: names.filter(Boolean).map(columnOf),
    constants,
    fields,
    added: others.map(columnOf),
    typesFrom: target ? 'target' : 'guess',
    scanned,
    unscanned,
    misfits: guessed.misfits,
    notes: guessed.notes,
    problem,
  }
}

/** Where the files do not go together, the first one is looked at alone. */
function seenValues(
  placed: Placed,
  { file, shape }: Typing['first'],
  { heads, listing }: Pick<Aim, 'heads' | 'listing'>,
): Pick<Heads, 'values' | 'scanned' | 'unscanned' | 'added'> {
  const { problem, values } = heads
  if (!problem && values.terms) return heads
  const fileNo = listing.files.findIndex(({ name }) => name === file)
  const own = new ColumnValues()
  addValues(own, { fileNo, shape }, placed)
  return { values: own, scanned: 1, unscanned: listing.files.length - 1, added: new Set() }
}
