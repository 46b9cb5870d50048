/** Looks for workers that died, and gives what they had in hand to others at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@temporalio/client'
import { type Deaths, heartbeatTimeoutMs, type TaskView } from '../domain/worker.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import {
  claimDead,
  type DeadWorker,
  endSessionsOf,
  findSilent,
  recordHandedOn,
  type SilentWorker,
  type Watch,
} from '../postgres/ledger/deadWorkers.ts'
import type { Backend, OwnSession } from '../postgres/ownSession.ts'
import { endPolls, failTask, forgetLastWorker } from '../temporal/handOn.ts'

const againMs = 500
const everyMs = 1000

export interface DeadWorkersOptions {
  session: Pick<OwnSession, 'backend' | 'use'>
  client: () => Promise<Client>
  /** Names the process that looks. */
  instance: string
  worker: string
  log: Logger
}

export interface DeadWorkersFinder {
  /** Looks once. @returns after how long it must look again at the latest */
  look(): Promise<number>
  /** What it has found since its start. */
  readonly deaths: Deaths
}

export function deadWorkersFinder(options: DeadWorkersOptions): DeadWorkersFinder {
  const { session, instance, worker, log } = options
  const deaths: Deaths = { killed: 0, silent: 0 }
  let watch: Watch | 'first' | null = 'first'
  let own: Backend | null = null
  const look = async () => {
    const { backend } = session
    // What became of others between two sessions nobody saw.
    if (own && backend !== own) watch = null
    own = backend
    // Who has no session of its own, behind a pooler, cannot tell what becomes of others.
    if (!backend) return Number.POSITIVE_INFINITY
    const before = watch
    // A look that fails has seen nothing: what is to come counts from the next one on.
    watch = null
    const found = await session.use((own) => findSilent(own, instance, before))
    watch = found.watch
    for (const silent of found.silent.filter(({ waitMs }) => waitMs <= 0)) {
      const dead = await session.use((own) => claimDead(own, silent, worker))
      if (!dead) continue
      deaths[silent.cause]++
      void handOn(options, dead, silent.cause).catch((error) => {
        log.warn({ event: 'not handed on' }, `${dead.worker} died: ${messageOf(error)}`)
      })
    }
    return Math.min(...found.silent.map(({ waitMs }) => (waitMs > 0 ? waitMs : againMs)))
  }
  return { look, deaths }
}

/** Looks once a second, for a process that has nothing to report. @returns ends it */
export function keepLooking({ look }: DeadWorkersFinder, log: Logger): () => Promise<void> {
  const ending = new AbortController()
  const { signal } = ending
  const loop = async () => {
    while (!signal.aborted) {
      let waitMs = everyMs
      try {
        waitMs = Math.min(everyMs, await look())
      } catch (error) {
        log.debug({ event: 'not looked' }, `cannot look for workers that died: ${messageOf(error)}`)
      }
      await sleep(waitMs, undefined, { signal }).catch(() => {})
    }
  }
  const looping = loop()
  return async () => {
    ending.abort()
    await looping
  }
}

async function handOn(
  { session, client: clientOf, log }: DeadWorkersOptions,
  dead: DeadWorker,
  cause: SilentWorker['cause'],
): Promise<void> {
  const client = await clientOf()
  if (cause === 'silent') {
    await session.use((own) => endSessionsOf(own, dead))
    await endPolls(client, dead).catch((error) => {
      log.debug({ event: 'polls' }, `${dead.worker} may get more tasks: ${messageOf(error)}`)
    })
  }
  const handed = await Promise.all(
    dead.tasks.map(async (task, index) => {
      const token = dead.tokens[index]
      return token !== undefined && (await handOnTask(client, token, dead)) ? [task] : []
    }),
  )
  const tasks = handed.flat()
  const ingests = new Set(dead.tasks.map(({ ingestId }) => ingestId))
  await Promise.all([...ingests].map((ingestId) => forgetLastWorker(client, ingestId)))
  await session.use((own) => recordHandedOn(own, dead.instance, tasks))
  const { worker, instance, silentMs } = dead
  const seconds = (silentMs / 1000).toFixed(1)
  const how = cause === 'killed' ? 'its session ended' : 'it does not answer'
  log.warn(
    { event: 'worker died', dead: worker, instance, cause, silentMs, handedOn: tasks },
    `the worker ${worker} died: ${how}, and it was silent for ${seconds} s; ${showHandedOn(tasks)}`,
  )
}

async function handOnTask(client: Client, token: string, dead: DeadWorker): Promise<boolean> {
  const { worker, silentMs } = dead
  const died = { worker, seconds: Math.round(silentMs / 100) / 10 }
  const untilMs = performance.now() + heartbeatTimeoutMs
  while (true) {
    try {
      return await failTask(client, token, died)
    } catch (error) {
      if (performance.now() > untilMs) throw error
      await sleep(againMs)
    }
  }
}

function showHandedOn(tasks: readonly TaskView[]): string {
  if (tasks.length === 0) return 'it had nothing in hand'
  const names = tasks.map(({ activity, ingestId, what }) => `${activity}[${ingestId}] ${what}`)
  return `handed on: ${names.map((name) => name.trim()).join(', ')}`
}
