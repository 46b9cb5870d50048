/** Activities that failed, and wait for their next attempt. */
import { type Static, Type } from 'typebox'
import { count, orNull, time } from '../domain/schema.ts'
import { listUnderWay } from '../postgres/ledger/underWay.ts'
import { viewWorkflow } from '../temporal/ingests.ts'
import type { FleetDeps } from './deps.ts'

/** A workflow must be asked for what it waits for: this many are. */
export const ingestsMax = 50
const askTimeoutMs = 5000

export const ScheduledTask = Type.Object({
  ingestId: Type.String(),
  activity: Type.String(),
  queue: Type.String(),
  attempt: count('The one to come.'),
  nextAttemptAt: orNull(time('null: it is due, and waits for a worker.')),
  error: Type.String({ description: 'Why the attempt before failed.' }),
})
export type ScheduledTask = Static<typeof ScheduledTask>

/**
 * The tasks that wait, for the newest ingests under way; what is due comes first.
 * @throws temporal_unavailable
 */
export async function seeScheduled({ db, temporal }: FleetDeps): Promise<ScheduledTask[]> {
  const ids = await listUnderWay(db, ingestsMax)
  const deadline = Date.now() + askTimeoutMs
  const views = await temporal.withDeadline(deadline, () =>
    Promise.all(ids.map(async (id) => ({ id, view: await viewWorkflow(temporal, id) }))),
  )
  return views
    .flatMap(({ id, view }) =>
      (view?.pending ?? []).flatMap(({ isStarted, error, nextAttemptAt, ...task }) => {
        if (isStarted || error === null) return []
        const at = nextAttemptAt?.toISOString() ?? null
        return [{ ingestId: id, ...task, nextAttemptAt: at, error }]
      }),
    )
    .sort((a, b) => (a.nextAttemptAt ?? '').localeCompare(b.nextAttemptAt ?? ''))
}
