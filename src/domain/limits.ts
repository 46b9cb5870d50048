/** How many rejects an ingest takes. Apart from the spec's schema: the workflow needs it too. */

/** Rejected rows that are still allowed among `rowsRead`; null when there is no limit. */
export function rejectsAllowed(max: number | string | null, rowsRead: number): number | null {
  if (max === null) return null
  if (typeof max === 'number') return max
  return Math.floor((rowsRead * Number.parseFloat(max)) / 100)
}
