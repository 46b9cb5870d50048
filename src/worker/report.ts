/** Writes this worker's name and tasks to the ledger once a second, and takes its commands. */
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkerReport } from '../domain/worker.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Db } from '../postgres/db.ts'
import { answerCommand, takeCommands } from '../postgres/ledger/commands.ts'
import { enterWorker, leaveWorker, reportWorker } from '../postgres/ledger/workers.ts'
import { ownVersion } from '../version.ts'
import type { CommandHandler } from './commands.ts'
import type { QueueWorkers } from './queueWorkers.ts'
import type { Shutdown } from './shutdown.ts'
import type { Tasks } from './tasks.ts'

const everyMs = 1000
const lastWordMs = 2000

interface Reported {
  queueWorkers: QueueWorkers
  tasks: Tasks
  shutdown: Shutdown
  onCommand: CommandHandler
  log: Logger
  /** A worker that is larger leaves. */
  memoryBytesMax: number | undefined
}

export interface Reports {
  /** Does not wait for the next second. */
  now(): Promise<void>
  /** The last report: it has left. */
  stop(): Promise<void>
}

/** @param db a connection of its own */
export async function startReports(
  db: Db,
  who: { instance: string; worker: string; app: string | null; steps: string[] },
  reported: Reported,
): Promise<Reports> {
  const { onCommand, log, shutdown, memoryBytesMax = Number.POSITIVE_INFINITY } = reported
  const { instance } = who
  const cpu = cpuMeter()
  const identity = { ...who, host: hostname(), pid: process.pid, version: ownVersion }
  await enterWorker(db, identity, reportOf(reported, cpu()))
  const answering = new Set<Promise<void>>()
  const now = async () => {
    const report = reportOf(reported, cpu())
    watchMemory(report)
    if (!(await reportWorker(db, instance, report))) await enterWorker(db, identity, report)
    for (const { id, command } of await takeCommands(db, instance)) {
      // A drain may take long, and other commands come meanwhile.
      const answered = onCommand(command)
        .then(async (answer) => {
          // The ledger must show the change before the sender of the command gets the answer.
          await reportWorker(db, instance, reportOf(reported, cpu()))
          await answerCommand(db, id, answer)
        })
        .catch((error) => log.warn(`a command was not answered: ${messageOf(error)}`))
        .finally(() => answering.delete(answered))
      answering.add(answered)
    }
  }
  const watchMemory = ({ rssBytes }: WorkerReport) => {
    // Each one does some work, also where the limit is set too low.
    const isIdle = Object.keys(reported.tasks.totals).length === 0
    if (shutdown.reason || rssBytes <= memoryBytesMax || isIdle) return
    const grown = `has grown to ${Math.round(rssBytes / 1e6)} MB`
    log.warn({ event: 'large', rssBytes }, `${grown}: drains, and another one takes its place`)
    shutdown.ask('memory')
  }
  const stop = new AbortController()
  const loop = async () => {
    let isSilent = false
    while (!stop.signal.aborted) {
      try {
        await now()
        isSilent = false
      } catch (error) {
        if (!isSilent) log.warn({ event: 'silent' }, `cannot report: ${messageOf(error)}`)
        isSilent = true
      }
      await sleep(everyMs, null, { signal: stop.signal }).catch(() => {})
    }
  }
  const looping = loop()
  return {
    now,
    async stop() {
      stop.abort()
      await looping
      // One that waits for tasks that do not end is left without an answer.
      await Promise.race([Promise.all(answering), sleep(lastWordMs, null, { ref: false })])
      await leaveWorker(db, instance).catch(() => {})
    },
  }
}

function reportOf({ queueWorkers, tasks, shutdown }: Reported, cpu: number): WorkerReport {
  const { rss } = process.memoryUsage()
  const stays = queueWorkers.isDrained ? 'drained' : 'running'
  return {
    state: shutdown.reason ? 'stopping' : stays,
    queues: queueWorkers.list(),
    tasks: tasks.inHand,
    totals: tasks.totals,
    rssBytes: rss,
    cpu,
  }
}

/** Cores in use since it was asked last. */
function cpuMeter(): () => number {
  let used = process.cpuUsage()
  let atMs = performance.now()
  return () => {
    const { user, system } = process.cpuUsage(used)
    const passedMs = performance.now() - atMs
    used = process.cpuUsage()
    atMs = performance.now()
    return passedMs > 0 ? (user + system) / 1000 / passedMs : 0
  }
}
