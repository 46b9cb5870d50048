/** Where the fields of a file go, and what stands beside them: by its path, and by the spec. */
import { besideOf, type Mapped, mapFields, mustStandBeside } from '../../domain/mapping.ts'
import { mustFit, pathPartsOf } from '../../domain/pathParts.ts'
import type { Constant, FileShape } from '../../domain/words.ts'
import type { FullSpec } from '../spec.ts'

/** Where the records of a file go. */
export interface Placed {
  /** The column of each field; empty for one that has none. */
  columns: string[]
  /** Columns that the file does not have. */
  constants: Constant[]
  /** Fields that the spec leaves out, by their place, with their names; absent for none. */
  dropped?: ReadonlyMap<number, string>
}

/**
 * The columns of all fields as a unit has them: those that are left out have a name too, by which a
 * reject shows their values.
 */
export function fieldsOf({ columns, constants, dropped = new Map() }: Placed) {
  const taken = new Set([...columns, ...constants.map(({ column }) => column)])
  const named = columns.map((column, at) => {
    const name = dropped.get(at)
    if (name === undefined) return column
    let unique = `${name} (left out)`
    while (taken.has(unique)) unique += ' '
    taken.add(unique)
    return unique
  })
  // A field of few records that has no column is not one of the unit.
  const kept = named.flatMap((name, at) => (name === '' ? [] : [at]))
  const places = kept.flatMap((at, place) => (dropped.has(at) ? [place] : []))
  return { columns: named, constants, dropped: places }
}

/** The fields of a file as the spec has them, and the columns that stand beside them. */
export interface FoundFields extends Mapped {
  beside: Constant[]
}

type FileFields = Pick<FileShape, 'header' | 'width' | 'sparse'> & { file: string }

/**
 * Parts of a path may be columns, and the spec may name fields, leave some out and set others.
 * @param first the file that the others are compared with
 * @throws path_parts_differ, path_part_in_file, path_part_twice, mapping_without_header,
 *   mapped_name_taken
 */
export function mappedFor(
  { target }: Pick<FullSpec, 'target'>,
  { file, ...fields }: FileFields,
  { first, ingestId = '' }: { first: string; ingestId?: string },
): FoundFields {
  const found = mapFields(target ?? {}, file, fields)
  const parts = target?.hivePartitioning ? pathPartsOf(file) : []
  const header = found.header ?? []
  if (target?.hivePartitioning) mustFit({ file, parts, header }, first)
  const own = besideOf(target ?? {}, ingestId)
  const ofPath = parts.map(({ name, value }) => ({ column: name, value }))
  const names = own.map(({ column }) => column)
  mustStandBeside(file, [...header, ...parts.map(({ name }) => name)], names)
  return { ...found, beside: [...ofPath, ...own] }
}

export const layoutFields = ({ header, width, sparse, beside }: FoundFields) => ({
  header,
  width,
  ...(sparse && { sparse }),
  ...(beside.length > 0 && { beside: beside.map(({ column }) => column) }),
})

/** @param columns those of the fields that are kept, and then those beside them */
export function placedIn(
  columns: readonly string[],
  { width, dropped, beside }: Pick<FoundFields, 'width' | 'dropped' | 'beside'>,
): Placed {
  const kept = columns.slice(0, width)
  let next = 0
  const all = Array.from({ length: width + dropped.size }, (_, at) =>
    dropped.has(at) ? '' : (kept[next++] as string),
  )
  const constants = beside.map((each, at) => ({ ...each, column: columns[width + at] as string }))
  return { columns: all, constants, ...(dropped.size > 0 && { dropped }) }
}
