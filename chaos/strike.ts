/** The faults of the long form: they strike at any moment, and last for any time. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { FaultChoice, Round } from './decide.ts'
import type { Scene } from './scene.ts'
import type { ChaosWorker } from './worker.ts'

interface Strike extends FaultChoice {
  /** The one that somebody locks. */
  table: string
}

/** Returns when it is over. */
export async function strike(scene: Scene, round: Round, fault: Strike): Promise<void> {
  await sleep(fault.afterMs)
  const living = scene.workers.filter((worker) => worker.isRunning())
  const worker = living[fault.worker % living.length]
  if (worker) await strikes[fault.kind]({ scene, round, fault, worker })
}

interface Struck {
  scene: Scene
  round: Round
  fault: Strike
  worker: ChaosWorker
}

const strikes: Record<FaultChoice['kind'], (struck: Struck) => Promise<void>> = {
  async sigkill({ scene, round, worker }) {
    await worker.kill()
    await scene.startWorker(round.concurrency)
  },
  async sigterm({ scene, round, worker }) {
    const leaving = worker.stop()
    await scene.startWorker(round.concurrency)
    const { code, signal } = await leaving
    if (code !== 0) throw new Error(`a worker left with ${code ?? signal}`)
  },
  async sigstop({ fault, worker }) {
    worker.signal('SIGSTOP')
    await sleep(fault.forMs)
    worker.signal('SIGCONT')
  },
  postgres: async ({ scene, fault }) => scene.ground.crashPostgres?.(() => sleep(fault.forMs)),
  temporal: async ({ scene, fault }) => scene.ground.crashTemporal?.(() => sleep(fault.forMs)),
  async cut({ scene, fault }) {
    scene.proxy.cut()
    await sleep(fault.forMs)
    scene.proxy.mend()
  },
  async stall({ scene, fault }) {
    scene.proxy.stall()
    await sleep(fault.forMs)
    scene.proxy.mend()
  },
  async locked({ scene, fault }) {
    const owner = new pg.Client({ connectionString: scene.url, application_name: 'chaos owner' })
    await owner.connect()
    try {
      await owner.query(`begin; lock table ${fault.table} in access exclusive mode`)
      await sleep(fault.forMs)
      await owner.query('commit')
    } finally {
      await owner.end()
    }
  },
}
