/**
 * What becomes of records and of rows. Each record that is read ends in one of the outcomes, or
 * nothing is published.
 */

/** The outcomes of a record, with the word that people see. */
const outcomes = {
  rowsLoaded: 'loaded',
  rowsRejected: 'rejected',
  rowsSkipped: 'skipped',
  rowsFiltered: 'filtered',
  rowsSuperseded: 'superseded',
} as const
export type Outcomes = Record<keyof typeof outcomes, number>

/** What publish did to the rows of the target, with the word that people see. */
const changes = {
  rowsInserted: 'inserted',
  rowsUpdated: 'updated',
  rowsUnchanged: 'unchanged',
  rowsDeleted: 'deleted',
} as const
export type Changes = Record<keyof typeof changes, number>

/** Outcomes that most ingests do not have; null or 0 if absent. */
type Some = Partial<Record<keyof Outcomes, number | null>>

/**
 * How the outcomes fail to add up to the records that were read.
 * @returns null when they do
 */
export function mismatchOf(counts: Some & { rowsRead: number }): string | null {
  const names = Object.keys(outcomes) as (keyof Outcomes)[]
  const sum = names.reduce((all, name) => all + (counts[name] ?? 0), 0)
  if (sum === counts.rowsRead) return null
  const parts = names.map((name) => `${counts[name] ?? 0} ${outcomes[name]}`)
  return `${counts.rowsRead} read, ${parts.join(', ')}`
}

type Summed = Partial<Outcomes & Changes> & { files: number; units: number; rowsRead: number }

/** The counts of several ingests together. */
export function sumCounts<C extends Summed & Pick<Outcomes, 'rowsLoaded' | 'rowsRejected'>>(
  all: readonly C[],
): Summed & Pick<Outcomes, 'rowsLoaded' | 'rowsRejected'> {
  const sum = { files: 0, units: 0, rowsRead: 0, rowsLoaded: 0, rowsRejected: 0 }
  const total: Record<string, number> = sum
  const names = ['files', 'units', 'rowsRead', ...Object.keys(outcomes), ...Object.keys(changes)]
  for (const counts of all) {
    for (const name of names) {
      const value = counts[name as keyof Summed]
      if (typeof value === 'number') total[name] = (total[name] ?? 0) + value
    }
  }
  return sum
}

type Format = (count: number) => string

/** What was not loaded: `2 rejected, 1 superseded`. Rejects are told even if there are none. */
export function leftOutText(counts: Some, format: Format = String): string {
  const { rowsLoaded: _, rowsRejected: __, ...rare } = outcomes
  const told = (Object.keys(rare) as (keyof typeof rare)[])
    .filter((name) => (counts[name] ?? 0) > 0)
    .map((name) => `${format(counts[name] ?? 0)} ${rare[name]}`)
  return [`${format(counts.rowsRejected ?? 0)} rejected`, ...told].join(', ')
}

/** ` (3 inserted, 1 updated)`; empty when the mode does not tell them apart. */
export function changesText(
  counts: Partial<Record<keyof Changes, number | null>>,
  format: Format = String,
): string {
  const names = Object.keys(changes) as (keyof Changes)[]
  if (counts.rowsInserted == null) return ''
  const told = names
    .filter((name) => (counts[name] ?? 0) > 0)
    .map((name) => `${format(counts[name] ?? 0)} ${changes[name]}`)
  return told.length > 0 ? ` (${told.join(', ')})` : ''
}
