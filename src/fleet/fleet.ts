/** The workers as they are now: their own word, and whether Temporal and PostgreSQL bear it out. */
import { messageOf, sluiceError } from '../errors.ts'
import { readCopyProgress } from '../postgres/copy/copyProgress.ts'
import { listWorkers } from '../postgres/ledger/workers.ts'
import { type Heard, listHeard } from '../temporal/workers.ts'
import type { FleetDeps } from './deps.ts'
import { heardOf } from './liveness.ts'
import { showWorker, tasksOf } from './show.ts'
import type { ActiveTask, Worker } from './view.ts'

const askTimeoutMs = 2000

/** A worker that left longer ago is not listed any more. */
const recentMs = 10 * 60_000

/**
 * The living ones first, then those that went a short while ago.
 * @param all also those that have been gone for longer; the ledger forgets them after a day
 */
export async function seeWorkers(deps: FleetDeps, { all }: { all: boolean }): Promise<Worker[]> {
  const [views, heard, copies] = await Promise.all([
    listWorkers(deps.db),
    hear(deps),
    readCopyProgress(deps.db),
  ])
  return views
    .filter(({ state, silentMs }) => all || state !== 'gone' || silentMs < recentMs)
    .map((view) => showWorker(view, { heard: heard && heardOf(view, views, heard), copies }))
    .sort((a, b) => Number(a.state === 'gone') - Number(b.state === 'gone'))
}

/** Tasks in the hands of living workers, the oldest first; those that wait for a slot last. */
export async function seeActive({ db }: FleetDeps): Promise<ActiveTask[]> {
  const [views, copies] = await Promise.all([listWorkers(db), readCopyProgress(db)])
  const startOf = ({ startedAt }: ActiveTask) => Date.parse(startedAt ?? '9999-12-31')
  return views
    .filter(({ state }) => state !== 'gone')
    .flatMap((view) => {
      const { worker, instance, host } = view
      return tasksOf(view, copies).map((task) => ({ worker, instance, host, ...task }))
    })
    .sort((a, b) => startOf(a) - startOf(b))
}

/**
 * The worker that is meant: by its instance, or by its name, which belongs to the living one if
 * several have had it.
 * @throws worker_not_found, worker_ambiguous
 */
export function pick<T extends Named>(workers: readonly T[], nameOrInstance: string): T {
  const exact = workers.find(({ instance }) => instance === nameOrInstance)
  if (exact) return exact
  const named = workers.filter(({ worker }) => worker === nameOrInstance)
  const living = named.filter(({ state }) => state !== 'gone')
  if (living.length > 1) {
    const instances = living.map(({ instance }) => instance).join(', ')
    throw sluiceError('worker_ambiguous', { worker: nameOrInstance, instances })
  }
  const [newest] = named.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
  const found = living[0] ?? newest
  if (!found) throw sluiceError('worker_not_found', { worker: nameOrInstance })
  return found
}

interface Named {
  worker: string
  instance: string
  state: string
  startedAt: Date | string
}

/** A worker is worth showing without Temporal, too. */
async function hear({ temporal, log }: FleetDeps): Promise<Heard[] | null> {
  try {
    const deadline = Date.now() + askTimeoutMs
    return await temporal.withDeadline(deadline, () => listHeard(temporal))
  } catch (error) {
    log.debug({ event: 'no list' }, `Temporal does not answer: ${messageOf(error)}`)
    return null
  }
}
