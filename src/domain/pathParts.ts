/**
 * Columns that the path of a file gives to all of its records, as Hive and Spark lay out their tables:
 * `year=2026/month=11/trips.parquet`.
 */
import { sluiceError } from '../errors.ts'

export interface PathPart {
  /** As it is written in the path. */
  name: string
  /** Null for the word of Hive that stands for it, and for nothing. */
  value: string | null
}

/** A folder of the path. Its name and its value may have bytes as %XX. */
const part = /^([^=]+)=(.*)$/s

const nullWord = '__HIVE_DEFAULT_PARTITION__'

/** @throws path_part_twice */
export function pathPartsOf(file: string): PathPart[] {
  const parts: PathPart[] = []
  for (const folder of file.split('/').slice(0, -1)) {
    const [, key, text] = part.exec(folder) ?? []
    if (key === undefined || text === undefined) continue
    const name = decoded(key)
    if (parts.some((each) => sameName(each.name, name))) {
      throw sluiceError('path_part_twice', { file, name })
    }
    parts.push({ name, value: text === '' || text === nullWord ? null : decoded(text) })
  }
  return parts
}

const sameName = (one: string, other: string): boolean =>
  one.trim().toLowerCase() === other.trim().toLowerCase()

/** What is no text in UTF-8 stays as it is written, and so does NUL, which PostgreSQL does not take. */
function decoded(text: string): string {
  try {
    const plain = decodeURIComponent(text)
    return plain.includes('\0') ? text : plain
  } catch {
    return text
  }
}

/**
 * Holds the parts of a file to those of the first table, and to the header of its own.
 * @throws path_parts_differ, path_part_in_file
 */
export function mustFit(
  { file, parts, header }: { file: string; parts: readonly PathPart[]; header: readonly string[] },
  first: string,
): void {
  const names = namesOf(parts)
  const firstNames = namesOf(pathPartsOf(first))
  if (names !== firstNames || names === '') {
    const told = { file, parts: names || 'none', first, firstParts: firstNames || 'none' }
    throw sluiceError('path_parts_differ', told)
  }
  const twice = parts.find(({ name }) => header.some((each) => sameName(each, name)))
  if (twice) throw sluiceError('path_part_in_file', { file, name: twice.name })
}

const namesOf = (parts: readonly PathPart[]): string =>
  parts
    .map(({ name }) => name)
    .sort()
    .join(', ')
