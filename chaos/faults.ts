/** The faults: one function each. It returns when the fault is over and the verb may go on. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { SmallDisk } from './disk.ts'
import type { FaultName } from './matrix.ts'
import { heartbeatMs, type Scene } from './scene.ts'
import { until } from './until.ts'
import { type Hold, isSmall, type Place, type Verb, waitingBehind, waitingFor } from './verbs.ts'
import type { ChaosWorker } from './worker.ts'

/** A verb in the middle of its work. */
export interface Moment {
  scene: Scene
  verb: Verb
  worker: ChaosWorker
  place: Place
  hold: Hold
  /** The server processes that wait. */
  held: number[]
  disk: SmallDisk | null
}

/** Past the heartbeat timeout, and the 10 s that a new connection may take. */
const stallMs = heartbeatMs + 13_000
const cutMs = 1000
const lockedMs = 3000
const triesWhileFull = 4
const lock = 'lock table target in access exclusive mode'

export const faults: Record<FaultName, (moment: Moment) => Promise<void>> = {
  async sigkill({ worker, hold }) {
    await worker.kill()
    await hold.release()
  },

  /** Another attempt is in the middle of the same verb when the first worker wakes up. */
  async sigstop({ scene, verb, worker, hold, held }) {
    worker.signal('SIGSTOP')
    const isTriedAgain = async () => {
      // The next attempt does it verb by verb: it begins by ending the one transaction.
      if (isSmall(verb)) return !(await hold.waiting()).some((pid) => held.includes(pid))
      // Stage has no lock of its own: its last word waits for that of the first attempt, if that
      // was not ended already.
      const others = [await hold.waiting(), await waitingBehind(scene, held)].flat()
      return others.some((pid) => !held.includes(pid))
    }
    await until(isTriedAgain, { what: 'another attempt', timeoutMs: 120_000 })
    const { rows } = await scene.db.query('select clock_timestamp() as now')
    worker.signal('SIGCONT')
    const isAwake = async () => {
      const { rowCount } = await scene.db.query(
        'select from sluice.workers where pid = $1 and seen_at > $2',
        [worker.pid, rows[0].now],
      )
      return rowCount === 1
    }
    await until(isAwake, { what: 'the frozen worker to wake up', told: worker.printed })
    await hold.release()
  },

  /** The lock goes with the server. */
  async postgres({ scene, hold }) {
    await ofGround(scene.ground.crashPostgres)()
    await hold.release()
  },

  /** The verb ends while nobody can hear of it. */
  async temporal({ scene, hold }) {
    await ofGround(scene.ground.crashTemporal)(() => goOn(hold))
  },

  async cut({ scene, hold }) {
    scene.proxy.cut()
    await hold.release()
    await sleep(cutMs)
    scene.proxy.mend()
  },

  /** The transaction commits, and whoever asked for it hears of a lost connection. */
  async commit({ scene, hold, held }) {
    const ids = await transactionsOf(scene, held)
    scene.proxy.cut()
    await goOn(hold)
    await mustBeCommitted(scene, ids)
    await sleep(cutMs)
    scene.proxy.mend()
  },

  async stall({ scene, hold }) {
    scene.proxy.stall()
    await goOn(hold)
    await sleep(stallMs)
    scene.proxy.mend()
  },

  /** Room comes after some attempts. */
  async full({ worker, disk }) {
    const fullness = /ENOSPC|no room left/
    const isTried = async () => {
      const lines = (await worker.printed()).split('\n')
      return lines.filter((line) => fullness.test(line)).length >= triesWhileFull
    }
    await until(isTried, { what: `${triesWhileFull} attempts to fail`, told: worker.printed })
    await disk?.free(worker.pid)
  },

  /** By another session, until publish has waited for it for a while. */
  async locked({ scene, hold, place }) {
    if (place === 'target') {
      await hold.query(lock)
      await sleep(lockedMs)
      await hold.release()
      return
    }
    const owner = new pg.Client({ connectionString: scene.url, application_name: 'chaos owner' })
    await owner.connect()
    try {
      await owner.query(`begin; ${lock}`)
      await hold.release()
      const isWaiting = async () => (await waitingFor(scene, 'target')).length > 0
      await until(isWaiting, { what: 'publish to wait for the target' })
      await sleep(lockedMs)
      await owner.query('commit')
    } finally {
      await owner.end()
    }
  },

  async dropped({ hold }) {
    await hold.query('drop table target')
    await hold.release()
  },
}

async function transactionsOf({ db }: Scene, pids: number[]): Promise<string[]> {
  const { rows } = await db.query(
    'select backend_xid::text as id from pg_stat_activity where pid = any($1)',
    [pids],
  )
  return rows.map(({ id }) => id)
}

/** Else the fault was another one. */
async function mustBeCommitted({ db }: Scene, ids: string[]): Promise<void> {
  let seen = ''
  const isOver = async () => {
    const { rows } = await db.query(
      'select pg_xact_status(id::xid8) as status from unnest($1::text[]) as ids (id)',
      [ids],
    )
    seen = rows.map(({ status }) => status).join(', ')
    return !/in progress/.test(seen)
  }
  await until(isOver, { what: 'the end of a COMMIT' })
  if (!/^committed(, committed)*$/.test(seen)) throw new Error(`held at COMMIT, then ${seen}`)
}

/** Lets the verb go on, and waits until it did. */
async function goOn(hold: Hold): Promise<void> {
  await hold.release()
  const isFree = async () => (await hold.waiting()).length === 0
  await until(isFree, { what: 'the verb to go on' })
}

function ofGround<T>(crash: T | undefined): T {
  if (!crash) throw new Error('This server belongs to others as well.')
  return crash
}
