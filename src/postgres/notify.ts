/**
 * Says on a channel of PostgreSQL that something has changed, within the statement that changed it.
 *
 * The message is an id: whoever hears it reads the ledger, as it would have done a moment later. So
 * a message that is lost costs that moment, and nothing may depend on one.
 */

/** The messages are: an instance of a worker, a command, an ingest. */
export const channels = {
  commands: 'sluice_commands',
  answers: 'sluice_answers',
  ingests: 'sluice_ingests',
} as const
export type Channel = (typeof channels)[keyof typeof channels]

/** In SQL, for the list of what a statement returns. */
export const notified = (channel: Channel, id: string): string =>
  `pg_notify('${channel}', ${id}::text)`

/** Commits that notify wait for each other, so progress is not told more often than this. */
const everyMs = 50
let lastMs = Number.NEGATIVE_INFINITY

/** Whether progress may be told now: 20 times a second at most, over all ingests of a process. */
export function mayTell(nowMs = performance.now()): boolean {
  if (nowMs - lastMs < everyMs) return false
  lastMs = nowMs
  return true
}
