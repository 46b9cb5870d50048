/** A worker process: takes tasks from its queues until it is told to stop. */
import { hostname } from 'node:os'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { createActivities } from '../../activities/index.ts'
import { messageOf, sluiceError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { type Db, databaseError, openDb } from '../postgres/db.ts'
import { migrate } from '../postgres/migrate.ts'
import { localStage } from '../stage/local.ts'
import type { TemporalAddress } from '../temporal/connect.ts'
import { workflowBundle } from './bundle.ts'
import { logTasks } from './taskLog.ts'

export interface WorkerOptions {
  temporal: TemporalAddress
  databaseUrl: string
  stageDir: string
  sourceRoots: string[]
  queues: string[]
  /** Activities at once, for each queue. */
  concurrency: number
  /** The Temporal identity; `%h` in it is the host. Made of process id and host if left out. */
  name?: string
  log: Logger
}

/** What is running when a stop comes: this long it may go on, then it is handed back. */
const graceTime = '20s'
const forceTime = '30s'

/**
 * Runs until SIGTERM or SIGINT, then stops taking work, lets what runs end within the grace time,
 * and hands the rest back to the server, which gives it to another worker.
 * @throws temporal_unavailable, database_unavailable, postgres_too_old
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { log, queues, concurrency, temporal } = options
  installRuntime(log)
  const identity = options.name?.replaceAll('%h', hostname()) ?? `${process.pid}@${hostname()}`
  const connection = await connect(temporal.address)
  // A connection for each task, and one to look on with for each that waits for a lock.
  const db = openDb(options.databaseUrl, {
    max: 2 * concurrency * queues.length + 1,
    name: 'sluice worker',
  })
  try {
    await migrate(db).catch((error) => {
      throw databaseError(error)
    })
    const workers = await createWorkers(options, { connection, db, identity })
    banner(options, identity, Object.keys(workers.activities))
    leaveOnSecondSignal(log)
    await Promise.all(workers.list.map((worker) => worker.run()))
    log.info({ event: 'stopped' }, 'worker stopped')
  } finally {
    await db.end()
    await connection.close()
  }
}

async function createWorkers(
  { temporal, queues, concurrency, log, stageDir, sourceRoots }: WorkerOptions,
  { connection, db, identity }: { connection: NativeConnection; db: Db; identity: string },
) {
  const stage = localStage(stageDir)
  const activities = createActivities({ db, stage, sourceRoots, worker: identity })
  const bundle = await workflowBundle()
  const list = await Promise.all(
    queues.map((taskQueue) =>
      Worker.create({
        connection,
        namespace: temporal.namespace,
        taskQueue,
        identity,
        activities,
        workflowBundle: bundle,
        maxConcurrentActivityTaskExecutions: concurrency,
        // Brings a cancellation within a second or two, see activities/alive.ts.
        maxHeartbeatThrottleInterval: '1s',
        maxCachedWorkflows: 100,
        shutdownGraceTime: graceTime,
        shutdownForceTime: forceTime,
        interceptors: { activity: [logTasks(log)] },
      }),
    ),
  )
  return { list, activities }
}

/** Once a process, before the first connection: the SDK's own log lines go to our log. */
function installRuntime(log: Logger): void {
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      // Failed attempts have a line of their own already.
      if (message === 'Activity failed' || message === 'Activity completed as cancelled') return
      log[level === 'ERROR' ? 'error' : 'warn']({ meta }, `${message}${causeIn(meta)}`)
    }),
    telemetryOptions: { logging: { filter: 'WARN', forward: {} } },
    workerHeartbeatInterval: '5s',
  })
}

const causeIn = (meta: { error?: unknown } | undefined): string =>
  meta?.error ? `: ${messageOf(meta.error)}` : ''

/**
 * The SDK stops at the first signal. Whoever sends a second one does not want to wait: what is
 * loading is rolled back by PostgreSQL, and another worker does it again.
 */
function leaveOnSecondSignal(log: Logger): void {
  let firstMs = 0
  const onSignal = (signal: NodeJS.Signals) => {
    if (firstMs === 0) {
      firstMs = Date.now()
      const again = 'again to leave at once'
      log.info({ event: 'stopping' }, `${signal}: ends or hands back what it has in hand; ${again}`)
    } else if (Date.now() - firstMs > repeatMs) {
      log.warn({ event: 'left' }, `${signal} again: leaves at once, nothing is lost`)
      process.exit(1)
    }
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
}

/** npm and shells pass a signal on that the terminal has sent already: that is one signal. */
const repeatMs = 300

async function connect(address: string): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect({ address })
  } catch (error) {
    throw sluiceError(
      'temporal_unavailable',
      { address, problem: messageOf(error) },
      { cause: error },
    )
  }
}

function banner(options: WorkerOptions, identity: string, activities: string[]): void {
  const { temporal, queues, concurrency, stageDir, log } = options
  const facts = {
    worker: identity,
    temporal: temporal.address,
    namespace: temporal.namespace,
    queues: queues.join(', '),
    concurrency: `${concurrency} activities at once${queues.length > 1 ? ', for each queue' : ''}`,
    stage: stageDir,
    activities: activities.join(', '),
  }
  for (const [name, value] of Object.entries(facts)) log.info(`${name.padEnd(12)} ${value}`)
  log.info({ event: 'ready', ...facts }, 'worker ready')
}
