/**
 * Attempts at a unit that have begun and not ended: what a worker that died leaves behind.
 *
 * The first attempt is not noted, for most often it is the only one. A note that is left is a death
 * only if its process is gone: one that spoke afterwards has outlived its attempt.
 */
import type { UnitRef } from '../../domain/words.ts'
import type { Connection, Db } from '../db.ts'

/** A worker speaks every second. One that has been silent for this long with a note left is dead. */
const silenceMs = 5000

export interface Attempt extends UnitRef {
  attempt: number
  instance: string
  worker: string
  alone: boolean
}

/** @returns the number of the note */
export async function noteAttempt(db: Db, at: Attempt): Promise<number> {
  const { rows } = await db.query(
    `insert into sluice.attempts (ingest_id, unit_no, attempt, instance, worker, alone)
     values ($1, $2, $3, $4, $5, $6) returning attempt_id as id`,
    [at.ingestId, at.unitNo, at.attempt, at.instance, at.worker, at.alone],
  )
  return rows[0].id
}

/** Its process has other work in hand as well from now on. */
export async function noteCompany(db: Db, id: number): Promise<void> {
  await db.query('update sluice.attempts set alone = false where attempt_id = $1', [id])
}

/** The attempt has ended in order. */
export async function takeBackNote(db: Db, id: number): Promise<void> {
  await db.query('delete from sluice.attempts where attempt_id = $1', [id])
}

/** All of a unit: it has its receipt, or is another unit from now on. */
export async function clearNotes(
  db: Db | Connection,
  { ingestId, unitNo }: UnitRef,
  except: number | null = null,
): Promise<void> {
  await db.query(
    `delete from sluice.attempts
     where ingest_id = $1 and unit_no = $2 and attempt_id is distinct from $3`,
    [ingestId, unitNo, except],
  )
}

/** How earlier attempts at a unit ended. */
export interface EarlierAttempts {
  /** It is a part of a unit that killed workers. */
  isPart: boolean
  /** Attempts that ended with their worker, and those of them that had their worker to themselves. */
  deaths: number
  deathsAlone: number
  /** One whose worker may be dead, or not: that shows within `waitMs`. */
  silent: { worker: string; waitMs: number } | null
}

/**
 * Judges the notes that are left of a unit. Those of processes that live, or left in order, are
 * taken back.
 * @param instance of the process that asks
 */
export async function judgeAttempts(
  db: Db,
  { ingestId, unitNo }: UnitRef,
  instance: string,
): Promise<EarlierAttempts> {
  const { rows } = await db.query(
    `with missed as (
       update sluice.attempts set missed_at = coalesce(missed_at, clock_timestamp())
       where ingest_id = $1 and unit_no = $2
       returning attempt_id, instance, worker, alone, missed_at
     ), judged as (
       select m.attempt_id, m.worker, m.alone,
              -- One that others have found dead need not be waited for.
              case when w.dead_at is null then extract(epoch from now() - w.seen_at) * 1000 end
                as silent,
              m.instance = $3 or coalesce(w.stopped_at is not null or w.seen_at > m.missed_at, false)
                as lives
       from missed m left join sluice.workers w using (instance)
     )
     select worker, alone, lives, attempt_id as id, coalesce(silent, $4)::integer as "silentMs"
     from judged`,
    [ingestId, unitNo, instance, silenceMs],
  )
  const living = rows.filter(({ lives }) => lives)
  if (living.length > 0) {
    await db.query('delete from sluice.attempts where attempt_id = any($1)', [
      living.map(({ id }) => id),
    ])
  }
  const dead = rows.filter(({ lives, silentMs }) => !lives && silentMs >= silenceMs)
  const silent = rows.find(({ lives, silentMs }) => !lives && silentMs < silenceMs)
  return {
    isPart: await isPart(db, { ingestId, unitNo }),
    deaths: dead.length,
    deathsAlone: dead.filter(({ alone }) => alone).length,
    silent: silent ? { worker: silent.worker, waitMs: silenceMs - silent.silentMs } : null,
  }
}

/** The ledger calls a part of a unit that was split `suspect`. */
async function isPart(db: Db, { ingestId, unitNo }: UnitRef): Promise<boolean> {
  const { rows } = await db.query(
    'select suspect from sluice.units where ingest_id = $1 and unit_no = $2',
    [ingestId, unitNo],
  )
  return rows[0]?.suspect ?? false
}
