/** How a new table is divided: `month(day)`, `list(region)`, `hash(id, 8)`. */

export const spans = ['day', 'month', 'year'] as const
export type Span = (typeof spans)[number]

export type Partition =
  | { by: Span; column: string }
  | { by: 'list'; column: string }
  | { by: 'hash'; column: string; parts: number }

/** A plan over more of them takes PostgreSQL longer than it saves. */
export const partitionsMax = 1000

const pattern = /^\s*(day|month|year|list|hash)\s*\(\s*(.+?)\s*(?:,\s*(\d{1,6})\s*)?\)\s*$/s

/** @returns the rest of a sentence where it is none */
export function parsePartition(text: string): Partition | string {
  const [, by, column = '', count] = pattern.exec(text) ?? []
  if (by === undefined) {
    return 'it is none of day(column), month(column), year(column), list(column) and hash(column, count)'
  }
  const parts = count === undefined ? null : Number(count)
  if (by === 'hash') {
    if (parts === null) return 'hash needs a count, as in hash(id, 8)'
    if (parts < 1 || parts > partitionsMax) return `hash makes 1 to ${partitionsMax} partitions`
    return { by, column, parts }
  }
  if (parts !== null) return 'only hash has a count'
  return by === 'list' ? { by, column } : { by: by as Span, column }
}

export const showPartition = (partition: Partition): string =>
  partition.by === 'hash'
    ? `hash(${partition.column}, ${partition.parts})`
    : `${partition.by}(${partition.column})`

/** As PostgreSQL calls it. */
export const strategyOf = ({ by }: Partition): 'range' | 'list' | 'hash' =>
  by === 'list' || by === 'hash' ? by : 'range'
