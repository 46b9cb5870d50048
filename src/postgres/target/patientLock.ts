/** A lock that keeps readers or writers out is waited for so that they do not queue behind the wait. */
import { quoteTable, showTable, type TableName } from '../../domain/table.ts'
import { sluiceError } from '../../errors.ts'
import type { Connection } from '../db.ts'
import { isOfLockTimeout } from '../sqlState.ts'

/**
 * `share row exclusive` and `exclusive` let others read, and nothing more; `access exclusive` keeps
 * readers out too.
 */
export type PatientLock = 'share row exclusive' | 'exclusive' | 'access exclusive'

export interface Patience {
  /** The tables that inherit from it, or its partitions, are not locked. */
  only: boolean
  /** Takes what is waited for, in words, before each pause. */
  onWait?: ((what: string) => void) | undefined
  /** The sum of the pauses, at most. */
  patienceMs?: number
}

const firstWaitMs = 100
const lastWaitMs = 1000
/** Others get the table for so many times as long as they may have waited behind us. */
const pauses = 3
const usualPatienceMs = 10 * 60_000

/**
 * Locks a table until the commit. Those who ask for a lock of the table while we wait for ours queue
 * behind us, so each try lasts a moment only, with a longer pause behind it. In a transaction that
 * has a `lock_timeout` there is one try.
 * @throws too_busy when our patience is over; the transaction can go on
 */
export async function lockPatiently(
  tx: Connection,
  table: TableName,
  lock: PatientLock,
  { only, onWait = () => {}, patienceMs = usualPatienceMs }: Patience,
): Promise<void> {
  const take = `lock table ${only ? 'only ' : ''}${quoteTable(table)} in ${lock} mode`
  const { rows } = await tx.query(`select current_setting('lock_timeout') as given`)
  const given: string = rows[0].given
  let paused = 0
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(2 * waitMs, lastWaitMs)) {
    if (await tryLock(tx, take, { waitMs, given })) return
    const problem = `${showTable(table)} is used by ${await holdersOf(tx, table, lock)}`
    if (given !== '0' || paused >= patienceMs) throw sluiceError('too_busy', { problem })
    onWait(`waits: ${problem}`)
    const pauseMs = pauses * waitMs
    paused += pauseMs
    await tx.query('select pg_sleep($1)', [pauseMs / 1000])
  }
}

/** @returns whether we have it */
async function tryLock(
  tx: Connection,
  take: string,
  { waitMs, given }: { waitMs: number; given: string },
): Promise<boolean> {
  try {
    await tx.query(`
      savepoint patient_lock;
      set local lock_timeout = ${waitMs};
      ${take};
      set local lock_timeout = '${given}';
      release savepoint patient_lock`)
    return true
  } catch (error) {
    if (!isOfLockTimeout(error)) throw error
    await tx.query('rollback to savepoint patient_lock; release savepoint patient_lock')
    return false
  }
}

const shownMax = 3

/** The sessions whose locks keep us from ours, in words: those that have been at it longest come first. */
async function holdersOf(tx: Connection, table: TableName, lock: PatientLock): Promise<string> {
  const { rows } = await tx.query<{ who: string }>(
    `select format('session %s (%s)', l.pid, concat_ws(', ', nullif(a.application_name, ''), a.state,
              'since ' || to_char(min(a.xact_start) at time zone 'UTC', 'HH24:MI:SS') || ' UTC'))
              as who
     from pg_locks l left join pg_stat_activity a using (pid)
     where l.locktype = 'relation' and l.granted and l.pid <> pg_backend_pid()
       and l.database = (select oid from pg_database where datname = current_database())
       and (l.relation = $1::regclass
            or l.relation in (select relid from pg_partition_tree($1::regclass)))
       and (l.mode <> 'AccessShareLock' or $2)
     group by l.pid, a.application_name, a.state
     order by min(a.xact_start) limit ${shownMax + 1}`,
    [quoteTable(table), lock === 'access exclusive'],
  )
  const all = rows.map(({ who }) => who)
  if (all.length === 0) return 'others'
  return all.slice(0, shownMax).join(', ') + (all.length > shownMax ? ' and others' : '')
}
