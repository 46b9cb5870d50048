/**
 * Workers that died: found by their sessions, claimed once, their sessions ended.
 *
 * All times are those of the database. A worker counts as silent only for as long as the one that
 * looks was there to hear it: whoever slept, or had no session for a while, begins anew.
 */
import type { Death, TaskView } from '../../domain/worker.ts'
import type { Connection } from '../db.ts'
import type { Backend } from '../ownSession.ts'

/**
 * A worker speaks every second, and opens its session again at once when that is lost. One whose
 * session is gone has this long for it: a network that refuses connections for a second is no death.
 */
const goneMs = 2500
/** The same of a worker that this one has never heard: after a restart of PostgreSQL, all of them. */
const unheardMs = 5000
/**
 * The same for a process that has just started and cannot have heard anybody, of one that spoke to
 * this very server: no restart, crash or failover has ended its session.
 */
const strangerMs = 1000
/** One that has its session may be busy: a step may compute on the main thread for 10 s. */
const silentMs = 13_000
/** One that looks less often than this was asleep itself, or had no time. */
const gapMs = 3000
/** Silence that is nothing yet. */
const shortMs = 1200

/** How long somebody has been looking, in times of the database as it writes them. */
export interface Watch {
  since: string
  last: string
  /** Whether it has looked without a break since its process started. */
  isFirst: boolean
}

export interface SilentWorker {
  instance: string
  /** Its last word, as the database writes it. */
  seenAt: string
  cause: Death['cause']
  /** For how much longer it may be silent; 0 or less: it is dead. */
  waitMs: number
}

/**
 * One look at the others. It reads only, and where all have spoken it does not read the sessions.
 * @param own the session that looks
 * @param watch as the look before has left it; null after a break; `first` when a process starts
 */
export async function findSilent(
  own: Connection,
  instance: string,
  watch: Watch | 'first' | null,
): Promise<{ watch: Watch; silent: SilentWorker[] }> {
  const before = watch === 'first' ? null : watch
  const isFirst = watch === 'first' || before?.isFirst === true
  const { rows } = await own.query(
    `with own as (
       select clock_timestamp() as now,
              case when $3::timestamptz > clock_timestamp() - ${gapMs} * interval '1 ms'
                   then $2::timestamptz else clock_timestamp() end as since,
              -- When sessions could begin here: a start; a crash, which forgets what was counted; or
              -- the end of what another server had sent, which this one has followed until then.
              greatest(pg_postmaster_start_time(), (select stats_reset from pg_stat_wal),
                       pg_last_xact_replay_timestamp()) as opened
     ), silent as (
       select w.instance, w.seen_at, a.pid is null as is_gone
       from sluice.workers w
       -- A role that may not see when a session began takes it for the one that is meant.
       left join pg_stat_activity a on a.pid = w.backend_pid
         and (a.backend_start is null or a.backend_start = w.backend_start)
       where w.instance <> $1 and w.stopped_at is null and w.dead_at is null
         and w.backend_pid is not null
         and w.seen_at < clock_timestamp() - ${shortMs} * interval '1 ms'
     )
     select own.now::text, own.since::text, instance, seen_at::text as "seenAt",
            case when is_gone then 'killed' else 'silent' end as cause,
            (extract(epoch from case
               when not is_gone
                 then greatest(seen_at, own.since) + ${silentMs} * interval '1 ms'
               when seen_at > own.since then seen_at + ${goneMs} * interval '1 ms'
               when $4 and seen_at > own.opened
                 then greatest(seen_at + ${goneMs} * interval '1 ms',
                               own.since + ${strangerMs} * interval '1 ms')
               else own.since + ${unheardMs} * interval '1 ms'
             end - own.now) * 1000)::integer as "waitMs"
     from own left join silent on true`,
    [instance, before?.since ?? null, before?.last ?? null, isFirst],
  )
  const [{ now: last, since }] = rows
  const silent = rows
    .filter((row) => row.instance !== null)
    .map(({ instance, seenAt, cause, waitMs }) => ({ instance, seenAt, cause, waitMs }))
  const isUnbroken = before === null || before.since === since
  return { watch: { since, last, isFirst: isFirst && isUnbroken }, silent }
}

export interface DeadWorker {
  instance: string
  worker: string
  host: string
  pid: number
  queues: string[]
  tasks: TaskView[]
  tokens: string[]
  backend: Backend
  silentMs: number
}

/**
 * Takes a worker for dead, unless it has spoken since, or somebody else was faster.
 * @param by the name of the one that found it
 */
export async function claimDead(
  own: Connection,
  { instance, seenAt, cause }: SilentWorker,
  by: string,
): Promise<DeadWorker | null> {
  const { rows } = await own.query(
    `update sluice.workers
     set dead_at = now(),
         death = jsonb_build_object('at', now(), 'by', $3::text, 'cause', $4::text, 'silentMs',
           (extract(epoch from now() - seen_at) * 1000)::integer, 'handedOn', '[]'::jsonb)
     where instance = $1 and seen_at = $2::timestamptz and stopped_at is null and dead_at is null
     returning instance, worker, host, pid, tasks, tokens, (death ->> 'silentMs')::integer as "silentMs",
               (select array_agg(q ->> 'queue') from jsonb_array_elements(queues) as q) as queues,
               jsonb_build_object('pid', backend_pid, 'start', backend_start::text) as backend`,
    [instance, seenAt, by, cause],
  )
  return rows[0] ?? null
}

/** Ends what a worker that does not answer still holds: what it did not commit is rolled back. */
export async function endSessionsOf(
  own: Connection,
  { pid, backend }: DeadWorker,
): Promise<number> {
  const { rowCount } = await own.query(
    `with theirs as (
       select pid, usesysid, client_addr from pg_stat_activity
       where pid = $1 and backend_start = $2::timestamptz
     )
     select pg_terminate_backend(a.pid) from pg_stat_activity a, theirs
     where a.usesysid = theirs.usesysid and pg_has_role(a.usesysid, 'member')
       and (a.pid = theirs.pid or (a.client_addr is not distinct from theirs.client_addr
                                   and a.application_name like 'sluice/%/' || $3))`,
    [backend.pid, backend.start, pid],
  )
  return rowCount ?? 0
}

export async function recordHandedOn(
  own: Connection,
  instance: string,
  tasks: TaskView[],
): Promise<void> {
  await own.query(
    `update sluice.workers set death = jsonb_set(death, '{handedOn}', $2::jsonb)
     where instance = $1 and death is not null`,
    [instance, JSON.stringify(tasks)],
  )
}
