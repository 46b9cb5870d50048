/** The columns that the fields of the first table would go to, and those that other files add. */
import type { Column } from '../../../domain/columns.ts'
import { ColumnValues } from '../../../domain/columnValues.ts'
import { type DeclaredColumn, placeDeclared } from '../../../domain/declared.ts'
import { evolves } from '../../../domain/layout.ts'
import { besideOf, namingOf } from '../../../domain/mapping.ts'
import { type FileHeader, matchHeader, newColumns } from '../../../domain/match.ts'
import type { Given } from '../../../domain/rejected.ts'
import type { Constant, FileShape } from '../../../domain/words.ts'
import type { Note } from '../../../errors/notes.ts'
import type { TargetTable } from '../../../postgres/target/targetTable.ts'
import {
  type FoundFields,
  layoutFields,
  mappedFor,
  type Placed,
  placedIn,
} from '../../../spec/files/mapped.ts'
import { addValues } from '../../../spec/files/sorter.ts'
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
  /** The names of the fields that have one, as the file has them; null without a header. */
  header: string[] | null
  /** How many of the constants are parts of the path: the first ones. */
  fromPath: number
  placed: Placed
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
  /** Columns that are declared, and that the target does not have. */
  declared: readonly DeclaredColumn[]
  heads: Heads
  listing: Listing
}

export function findColumns(file: FirstFile, aim: Aim): FoundColumns {
  const { into, target } = aim
  const { mapped, problem: before } = mappedOf(file, into)
  const first = { ...file, mapped }
  const fields = { file: file.file, ...layoutFields(mapped) }
  const naming = namingOf(into)
  const anew = (problem: Problem | null) =>
    withTypes(newColumns(fields, naming), { ...aim, first, target: null, problem })
  if (!target || before) return anew(before)
  const to = {
    columns: columnsRead(into, target.columns),
    evolves: evolves(into.schema, true),
    names: naming,
  }
  try {
    const names = matchHeader(fields, { name: into.table, ...to })
    return withTypes(names, { ...aim, first, problem: null })
  } catch (error) {
    return anew(toProblem(error))
  }
}

interface FirstFile extends FileHeader {
  header: string[] | null
  shape: FileShape
}

function mappedOf(file: FirstFile, target: FullTarget) {
  const { header, width, sparse } = file
  const fields = { file: file.file, header, width, ...(sparse && { sparse: [...sparse] }) }
  const first = { first: file.file }
  try {
    return { mapped: mappedFor({ target }, fields, first), problem: null }
  } catch (error) {
    const plain = mappedFor({ target: null }, fields, first)
    return { mapped: plain, problem: toProblem(error) }
  }
}

interface Typing extends Aim {
  first: FirstFile & { mapped: FoundFields }
  problem: Problem | null
}

function withTypes(
  names: readonly string[],
  { into, given: said, target, first, problem, ...files }: Typing,
): FoundColumns {
  const read = columnsRead(into, target?.columns ?? [])
  const there = new Map(read.map((column) => [column.name, column]))
  const { header, mapped } = first
  const placed = placedIn(names, mapped)
  const { constants } = placed
  const { values, scanned, unscanned, added } = seenValues(placed, first, files)
  const fileOf = (fileNo: number) => files.listing.files[fileNo]?.name ?? first.file
  const others = [...added].filter((name) => !names.includes(name))
  const isNew = (name: string) => !there.has(name)
  const fresh = [...names.filter(Boolean), ...others].filter(isNew)
  const given = declaredAmong(fresh, files.declared)
  const unknown = fresh.filter((name) => !given.known.has(name))
  const guessed = guessOf(values, unknown, { into, given: said, fileOf })
  const types = new Map([
    ...given.known,
    ...guessed.columns.map((column) => [column.name, column] as const),
  ])
  const columnOf = (name: string): Column => {
    const known = there.get(name)
    return known ? { name, type: known.type } : (types.get(name) ?? { name, type: 'text' })
  }
  return {
    columns: names.filter(Boolean).map(columnOf),
    constants,
    placed,
    header: header?.filter((_, at) => !mapped.dropped.has(at)) ?? null,
    fromPath: constants.length - besideOf(into, '').length,
    added: others.map(columnOf),
    typesFrom: target ? 'target' : 'guess',
    scanned,
    unscanned,
    misfits: guessed.misfits,
    notes: guessed.notes,
    // A file that was not read to its end may have the column.
    problem: problem ?? (unscanned === 0 ? given.problem : null),
  }
}

function declaredAmong(names: readonly string[], declared: readonly DeclaredColumn[]) {
  try {
    return { ...placeDeclared(declared, names), problem: null }
  } catch (error) {
    return { known: new Map<string, Column>(), problem: toProblem(error) }
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
