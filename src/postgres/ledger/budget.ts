/** The budget of the target: at most so many units load at once, over all workers and ingests. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from '../db.ts'
import { budgetLock } from '../names.ts'

const againMs = 100

/**
 * Waits until the transaction is one of those that may load. Its place is an advisory lock, so it
 * is free again when the transaction ends, however that comes about.
 */
export async function awaitBudget(tx: Connection, signal: AbortSignal): Promise<void> {
  while (!(await tryBudget(tx))) {
    // Not all at once, and not always the same one first.
    await sleep(againMs * (1 + Math.random()), null, { signal })
  }
}

/** The places are tried one by one, up to the first that is free. */
export async function tryBudget(tx: Connection): Promise<boolean> {
  const { rows } = await tx.query(
    `select b.units_max is null or exists (
       select from generate_series(1, b.units_max) as place
       where pg_try_advisory_xact_lock($1, place)
     ) as taken
     from (
       select (select value::int from sluice.settings where name = 'units_max') as units_max
     ) as b`,
    [budgetLock],
  )
  return rows[0].taken
}
