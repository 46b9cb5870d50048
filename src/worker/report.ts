/** Writes this worker's name and tasks to the ledger once a second, and takes its commands. */
import { hostname } from 'node:os'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Death, WorkerReport } from '../domain/worker.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { answerCommand, takeCommands } from '../postgres/ledger/commands.ts'
import { enterWorker, leaveWorker, reportTasks, reportWorker } from '../postgres/ledger/workers.ts'
import type { OwnSession } from '../postgres/ownSession.ts'
import { sqlState } from '../postgres/sqlState.ts'
import { ownVersion } from '../version.ts'
import type { CommandHandler } from './commands.ts'
import { watchContact } from './contact.ts'
import type { QueueWorkers } from './queueWorkers.ts'
import type { Shutdown } from './shutdown.ts'
import type { Tasks } from './tasks.ts'

const ordinaryEveryMs = 1000
/** A worker without a session is soon taken for dead. */
const againMs = 200
const lastWordMs = 2000

interface Reported {
  queueWorkers: QueueWorkers
  tasks: Tasks
  shutdown: Shutdown
  onCommand: CommandHandler
  /** Looks for workers that died. @returns after how long it must look again at the latest */
  findDead: () => Promise<number>
  log: Logger
  /** For tests: how often it speaks, if not every second. */
  everyMs?: number
  /** A worker that is larger leaves. */
  memoryBytesMax: number | undefined
}

export interface Reports {
  /** Does not wait for the next second. */
  now(): Promise<void>
  /** The same, in the background. */
  wake(): void
  /** The last report: it has left. */
  stop(): Promise<void>
}

export async function startReports(
  session: OwnSession,
  who: { instance: string; worker: string; app: string | null; steps: string[] },
  reported: Reported,
): Promise<Reports> {
  const { everyMs = ordinaryEveryMs } = reported
  const { onCommand, log, shutdown, tasks, memoryBytesMax = Number.POSITIVE_INFINITY } = reported
  const { instance } = who
  const cpu = cpuMeter()
  const identity = { ...who, host: hostname(), pid: process.pid, version: ownVersion }
  const enter = (report: WorkerReport) =>
    session.use((own) => enterWorker(own, identity, { report, backend: session.backend }))
  const report = async () => {
    const report = reportOf(reported, cpu())
    const wasDead = await session.use((own) =>
      reportWorker(own, instance, { report, backend: session.backend }),
    )
    if (wasDead === undefined) await enter(report)
    if (wasDead) tellRevived(log, wasDead)
    return report
  }
  await enter(reportOf(reported, cpu()))
  const answering = new Set<Promise<void>>()
  const now = async () => {
    watchMemory(await report())
    for (const { id, command } of await session.use((own) => takeCommands(own, instance))) {
      // A drain may take long, and other commands come meanwhile.
      const answered = onCommand(command)
        .then(async (answer) => {
          // The ledger must show the change before the sender of the command gets the answer.
          await report()
          await session.use((own) => answerCommand(own, id, answer))
        })
        .catch((error) => log.warn(`a command was not answered: ${messageOf(error)}`))
        .finally(() => answering.delete(answered))
      answering.add(answered)
    }
  }
  const watchMemory = ({ rssBytes }: WorkerReport) => {
    // Each one does some work, also where the limit is set too low.
    const isIdle = Object.keys(tasks.totals).length === 0
    if (shutdown.reason || rssBytes <= memoryBytesMax || isIdle) return
    const grown = `has grown to ${Math.round(rssBytes / 1e6)} MB`
    log.warn({ event: 'large', rssBytes }, `${grown}: drains, and another one takes its place`)
    shutdown.ask('memory')
  }
  tasks.onTaken = inTurn(async () => {
    // Most often it has its slot by then, and the ledger does not show it as one that waits.
    await nextTurn()
    const { inHand, tokens } = tasks
    await session.use((own) => reportTasks(own, instance, { tasks: inHand, tokens }))
  })
  let isStopped = false
  let interrupt = new AbortController()
  const wake = () => interrupt.abort()
  const contact = watchContact(reported)
  const loop = async () => {
    let isSilent = false
    while (!isStopped) {
      interrupt = new AbortController()
      let waitMs = everyMs
      try {
        await now()
        contact.heard()
        waitMs = Math.min(everyMs, await reported.findDead())
        isSilent = false
      } catch (error) {
        if (sqlState(error) !== null) contact.heard()
        if (!isSilent) log.warn({ event: 'silent' }, `cannot report: ${messageOf(error)}`)
        isSilent = true
        waitMs = againMs
      }
      await sleep(waitMs, null, { signal: interrupt.signal }).catch(() => {})
    }
  }
  const looping = loop()
  return {
    now,
    wake,
    async stop() {
      isStopped = true
      contact.stop()
      wake()
      await looping
      tasks.onTaken = () => {}
      // One that waits for tasks that do not end is left without an answer.
      await Promise.race([Promise.all(answering), sleep(lastWordMs, null, { ref: false })])
      await session.use((own) => leaveWorker(own, instance)).catch(() => {})
    },
  }
}

/** Runs the work once for all that ask while it is under way. Its failure is told by the report. */
function inTurn(work: () => Promise<void>): () => void {
  let isUnderWay = false
  let isWanted = false
  const run = async () => {
    isUnderWay = true
    while (isWanted) {
      isWanted = false
      await work().catch(() => {})
    }
    isUnderWay = false
  }
  return () => {
    isWanted = true
    if (!isUnderWay) void run()
  }
}

/** Its attempts cannot commit any more: their rows are locked by others, or have a receipt. */
function tellRevived(log: Logger, { by, at, silentMs, handedOn }: Death): void {
  const seconds = (silentMs / 1000).toFixed(1)
  const what = handedOn.length === 1 ? '1 task' : `${handedOn.length} tasks`
  log.warn(
    { event: 'taken for dead', by, at, silentMs, handedOn },
    `${by} took this worker for dead at ${at}, after ${seconds} s of silence, and handed on ${what}: what it still does of them is not kept`,
  )
}

function reportOf({ queueWorkers, tasks, shutdown }: Reported, cpu: number): WorkerReport {
  const { rss } = process.memoryUsage()
  const stays = queueWorkers.isDrained ? 'drained' : 'running'
  return {
    state: shutdown.reason ? 'stopping' : stays,
    queues: queueWorkers.list(),
    tasks: tasks.inHand,
    tokens: tasks.tokens,
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
