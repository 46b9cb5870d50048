/**
 * Holds a verb up in the middle, so that the fault finds it there: a trigger on the ledger waits
 * for an advisory lock that a session of ours has. The load waits in the middle of its COPY.
 */
import pg from 'pg'
import type { Phase } from '../src/domain/words.ts'
import type { Scene } from './scene.ts'
import { until } from './until.ts'

export type Verb = Phase

/**
 * Where a verb is held: `work` is in the middle of it, `commit` between its COMMIT and the answer,
 * `target` where publish is about to write to the target.
 */
export type Place = 'work' | 'commit' | 'target'

export interface Hold {
  /** Returns when the verb waits. @returns the server processes that wait */
  untilHeld(told: () => Promise<string>): Promise<number[]>
  /** Who waits by now. */
  waiting(): Promise<number[]>
  /** In the session that holds a lock. */
  query(sql: string): Promise<unknown>
  release(): Promise<void>
}

/** The row at which a held COPY waits; it lies in the middle of the second file. */
const heldId = 750

/** Two locks, so that a COPY is held only where the load is what is to be held. */
const keys = { copy: 4711, ledger: 4712 }

/** Where each verb has done its work, and has not committed it yet. */
const ends: Record<Exclude<Verb, 'load'>, string> = {
  list: 'insert on sluice.files for each row',
  stage: `update on sluice.files for each row
          when (old.staged_at is null and new.staged_at is not null)`,
  step: `insert on sluice.steps for each row
         when (new.finished_at is not null and new.file_no = 0)`,
  plan: `update on sluice.ingests for each row
         when (old.landing is null and new.landing is not null)`,
  publish: `update on sluice.ingests for each row
            when (old.published_at is null and new.published_at is not null)`,
  sweep: `update on sluice.ingests for each row
          when (old.ended_at is null and new.ended_at is not null)`,
}
const receipt = `update on sluice.units for each row
                 when (old.loaded_at is null and new.loaded_at is not null)`

/** The target of every cell. Its ids are of a type that can hold a COPY up at one of them. */
export async function makeTarget({ db }: Scene): Promise<void> {
  await db.query(`
    create function chaos_wait(key bigint) returns boolean language plpgsql as
      $$ begin perform pg_advisory_xact_lock_shared(key); return true; end $$;
    create function chaos_hold() returns trigger language plpgsql as
      $$ begin perform chaos_wait(${keys.ledger}); return new; end $$;
    create domain chaos_id as integer
      check (case when value = ${heldId} then chaos_wait(${keys.copy}) else true end);
    create table target (id chaos_id, name text, amount numeric)`)
}

/** From now on the verb waits. */
export async function holdVerb(scene: Scene, verb: Verb, place: Place): Promise<Hold> {
  const { db, url } = scene
  const inCopy = verb === 'load' && place === 'work'
  if (place === 'work' && verb !== 'load') {
    const moment = verb === 'list' ? 'after' : 'before'
    await db.query(
      `create trigger chaos_hold ${moment} ${ends[verb]} execute function chaos_hold()`,
    )
  }
  if (place === 'commit') {
    const [event, ...rest] = (verb === 'load' ? receipt : ends[verb]).split(' for each row')
    await db.query(
      `create constraint trigger chaos_hold after ${event} deferrable initially deferred
       for each row ${rest.join('')} execute function chaos_hold()`,
    )
  }
  const holder = new pg.Client({ connectionString: url, application_name: 'chaos hold' })
  holder.on('error', () => {})
  await holder.connect()
  await holder.query('begin')
  await holder.query(
    place === 'target'
      ? 'lock table target in share mode'
      : `select pg_advisory_xact_lock(${inCopy ? keys.copy : keys.ledger})`,
  )
  const waiting = () => waitingFor(scene, place === 'target' ? 'target' : 'hold')
  return {
    waiting,
    query: (sql) => holder.query(sql),
    async untilHeld(told) {
      let pids: number[] = []
      const isHeld = async () => {
        pids = await waiting()
        return pids.length > 0
      }
      await until(isHeld, { what: `${verb} to be in the middle`, told })
      await mustBeIn(scene, verb)
      return pids
    },
    // A session that was ended with its server holds nothing.
    release: async () => {
      await holder.query('commit').catch(() => {})
      await holder.end().catch(() => {})
    },
  }
}

/**
 * Sessions that wait for our lock, or for the target. The transaction that tries a whole ingest at
 * once gives up by itself, and the verbs come one by one.
 */
export async function waitingFor({ db }: Scene, what: 'hold' | 'target'): Promise<number[]> {
  const isMeant =
    what === 'hold'
      ? `locktype = 'advisory' and objid in (${Object.values(keys).join(', ')})`
      : `locktype = 'relation' and relation = to_regclass('target')`
  const { rows } = await db.query(
    `select distinct pid from pg_locks join pg_stat_activity using (pid)
     where not granted and ${isMeant} and application_name not like 'sluice/%/begin/%'
       and database = (select oid from pg_database where datname = current_database())`,
  )
  return rows.map(({ pid }) => pid)
}

/** Sessions that wait for one of these. */
export async function waitingBehind({ db }: Scene, pids: number[]): Promise<number[]> {
  const { rows } = await db.query(
    'select distinct pid from pg_locks where not granted and pg_blocking_pids(pid) && $1::int[]',
    [pids],
  )
  return rows.map(({ pid }) => pid)
}

/** The lock must not have caught another verb. */
async function mustBeIn({ db }: Scene, verb: Verb): Promise<void> {
  const { rows } = await db.query('select phase from sluice.ingests')
  if (rows[0]?.phase !== verb) throw new Error(`held in ${rows[0]?.phase}, not in ${verb}`)
}
