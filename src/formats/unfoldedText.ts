/** The form of an unfolded file: a line that says which columns there are, and a line for each row. */
import { readHeadLine } from '../domain/unfolded.ts'
import type { Reading } from '../domain/words.ts'
import type { Head } from './format.ts'

export interface UnfoldedReading extends Reading {
  newline: '\n'
  /** The types of its columns; absent in a unit, whose columns have theirs. */
  types?: string[]
  /** Other names of each column; absent where no column has any. */
  aliases?: string[][]
}

/** A row is counted by itself, so the line in front of the first one counts as none. */
export function headOf(bytes: Buffer, empty: UnfoldedReading): Head<UnfoldedReading> {
  const end = bytes.indexOf('\n')
  if (end < 0) {
    const start = { offset: bytes.length, lines: 0 }
    return { reading: empty, header: null, width: 0, start, notes: [] }
  }
  const { columns, notes } = readHeadLine(bytes.toString('utf8', 0, end))
  const hasAliases = columns.some(({ aliases }) => aliases)
  return {
    reading: {
      ...empty,
      types: columns.map(({ type }) => type),
      ...(hasAliases && { aliases: columns.map(({ aliases = [] }) => aliases) }),
    },
    header: columns.map(({ name }) => name),
    width: columns.length,
    start: { offset: end + 1, lines: 0 },
    notes,
  }
}

/**
 * The head of a file whose columns have the names that the first table has for them: a column may have
 * one of these as an alias, and its name may be an alias there.
 */
export function withAliases(
  head: Head<UnfoldedReading>,
  {
    header,
    aliases = [],
  }: { header?: string[] | null | undefined; aliases?: string[][] | undefined },
): Head<UnfoldedReading> {
  const own = head.header
  if (!own || !header) return head
  const known = new Set(header)
  const taken = new Set(own)
  const names = own.map((name, at) => {
    if (known.has(name)) return name
    const named = [
      ...(head.reading.aliases?.[at] ?? []).filter((alias) => known.has(alias)),
      ...header.filter((_, no) => aliases[no]?.includes(name)),
    ]
    const found = named.find((each) => !taken.has(each)) ?? name
    taken.add(found)
    return found
  })
  return { ...head, header: names }
}
