/**
 * Holds a verb up in the middle, so that the fault finds it there: a trigger on the ledger waits
 * for an advisory lock that a session of ours has. The load waits in the middle of its COPY.
 */
import pg from 'pg'
import type { Phase } from '../src/domain/words.ts'
import type { Scene } from './scene.ts'
import { until } from './until.ts'

type SmallVerb = 'list' | 'stage' | 'plan' | 'load' | 'publish'
export type Verb = Phase | `small-${SmallVerb}`

/** The same verb in the one transaction of a small ingest; null for one that has an activity. */
const smallOf = (verb: Verb): SmallVerb | null =>
  verb.startsWith('small-') ? (verb.slice('small-'.length) as SmallVerb) : null
export const isSmall = (verb: Verb): boolean => smallOf(verb) !== null

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

/** The names of sessions that have the one transaction of a small ingest. */
const small = 'sluice/%/begin/%'

/** Two locks, so that a COPY is held only where the load is what is to be held. */
const keys = { copy: 4711, ledger: 4712 }

/** Where each verb has done its work, and has not committed it yet. */
const ends: Record<Exclude<Phase, 'load'>, string> = {
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

/** The same in the one transaction, which writes less often, and to the ledger only what is new. */
const smallEnds: Record<SmallVerb, string> = {
  list: `update on sluice.ingests for each row
         when (old.size_bytes is distinct from new.size_bytes)`,
  stage: 'insert on sluice.files for each row',
  plan: 'insert on sluice.units for each row',
  load: receipt,
  publish: ends.publish,
}

/** The target of every cell. Its ids are of a type that can hold a COPY up at one of them. */
export async function makeTarget({ db }: Scene): Promise<void> {
  await db.query(`
    create function chaos_wait(key bigint) returns boolean language plpgsql as
      $$ begin perform pg_advisory_xact_lock_shared(key); return true; end $$;
    create function chaos_hold() returns trigger language plpgsql as
      $$ begin perform chaos_wait(${keys.ledger}); return new; end $$;
    -- The one transaction waits for a lock for a second only. It sleeps until it could have this one.
    create function chaos_sleep() returns trigger language plpgsql as $$ begin
      while current_setting('application_name') like '${small}'
        and not pg_try_advisory_xact_lock_shared(${keys.ledger}) loop perform pg_sleep(0.05);
      end loop;
      return new;
    end $$;
    create domain chaos_id as integer
      check (case when value = ${heldId} then chaos_wait(${keys.copy}) else true end);
    create table target (id chaos_id, name text, amount numeric)`)
}

function endOf(verb: Verb): string {
  const ofSmall = smallOf(verb)
  if (ofSmall) return smallEnds[ofSmall]
  return verb === 'load' ? receipt : ends[verb as Exclude<Phase, 'load'>]
}

/** From now on the verb waits. */
export async function holdVerb(scene: Scene, verb: Verb, place: Place): Promise<Hold> {
  const { db, url } = scene
  const inCopy = verb === 'load' && place === 'work'
  const wait = isSmall(verb) ? 'chaos_sleep()' : 'chaos_hold()'
  if (place === 'work' && !inCopy) {
    const moment = verb === 'list' ? 'after' : 'before'
    await db.query(`create trigger chaos_hold ${moment} ${endOf(verb)} execute function ${wait}`)
  }
  if (place === 'commit') {
    const [event, ...rest] = endOf(verb).split(' for each row')
    await db.query(
      `create constraint trigger chaos_hold after ${event} deferrable initially deferred
       for each row ${rest.join('')} execute function ${wait}`,
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
  const what = place === 'target' ? 'target' : 'hold'
  const waiting = () => (isSmall(verb) ? asleep(scene) : waitingFor(scene, what))
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
     where not granted and ${isMeant} and application_name not like '${small}'
       and database = (select oid from pg_database where datname = current_database())`,
  )
  return rows.map(({ pid }) => pid)
}

/** The sessions of the one transaction that sleep in our trigger. */
async function asleep({ db }: Scene): Promise<number[]> {
  const { rows } = await db.query(
    `select pid from pg_stat_activity
     where wait_event = 'PgSleep' and application_name like '${small}'
       and datname = current_database()`,
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
  // The one transaction shows its first phase until it commits.
  const shown = isSmall(verb) ? 'list' : verb
  if (rows[0]?.phase !== shown) throw new Error(`held in ${rows[0]?.phase}, not in ${shown}`)
}
