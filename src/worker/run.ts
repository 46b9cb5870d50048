/** A worker process: takes tasks from its queues until it is told to stop. */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { WorkerDeploymentVersion } from '@temporalio/common'
import { ResourceBasedController } from '@temporalio/worker'
import { Exclusive } from '../../activities/attempt/exclusive.ts'
import { createActivities } from '../../activities/index.ts'
import type { Connections } from '../connections/index.ts'
import type { StepPlan } from '../domain/step.ts'
import { type UnpackLimits, unpackLimits } from '../domain/unpack.ts'
import { deadWorkersFinder } from '../fleet/deadWorkers.ts'
import { createTransport, type Transport } from '../http/transport.ts'
import type { Logger } from '../log.ts'
import { type Db, databaseError, isOfDatabase, openDb } from '../postgres/db.ts'
import { readJanitorFacts } from '../postgres/ledger/janitor.ts'
import { readLedgerId } from '../postgres/ledger/settings.ts'
import { defineSteps } from '../postgres/ledger/steps.ts'
import { migrate } from '../postgres/migrate.ts'
import { channels } from '../postgres/notify.ts'
import { OwnSession, openForOne } from '../postgres/ownSession.ts'
import type { StageSetting } from '../settings/stage.ts'
import type { TemporalServer } from '../settings/temporal.ts'
import { claimStage } from '../stage/claim.ts'
import { openStage } from '../stage/open.ts'
import type { Stage } from '../stage/stage.ts'
import { type App, loadApp, planOf } from '../steps/app.ts'
import { startUnstarted } from '../temporal/ingests.ts'
import { keepJanitor, workflowStatusOf } from '../temporal/janitor.ts'
import { rateLimits } from '../temporal/queues.ts'
import { banner } from './banner.ts'
import { workflowBundle } from './bundle.ts'
import { type LazyClient, lazyClient } from './client.ts'
import { createCommandHandler } from './commands.ts'
import { type MetricsAddress, openMetrics } from './metrics.ts'
import { type CommonOptions, type QueueOption, QueueWorkers } from './queueWorkers.ts'
import { startReports } from './report.ts'
import { installRuntime } from './runtime.ts'
import type { SdkOptions } from './sdkWorker.ts'
import { Shutdown } from './shutdown.ts'
import { softLimits } from './softLimits.ts'
import { watchTasks } from './taskLog.ts'
import { Tasks } from './tasks.ts'

export interface WorkerOptions {
  temporal: TemporalServer
  databaseUrl: string
  stage: StageSetting
  sourceRoots: string[]
  connections: Connections
  /** Networks that sources may read from though they are private. */
  allowPrivate: string[]
  /** How much may come out of a packed file. */
  unpack?: UnpackLimits
  /** `ingest` and those of the app's steps if absent. */
  queues?: QueueOption[]
  /** Activities at once, shared by the queues that have no number of their own. */
  concurrency: number
  /** Moves the number of slots between these, by CPU and memory, instead. */
  autoscale?: { max: number; min: number }
  /** The Temporal identity; `%h` in it is the host. Made of process id and host if absent. */
  name?: string
  /** A module that exports steps. */
  app?: string
  /** From a stop on, what runs may go on for this long before it is handed back. */
  graceMs: number
  /** Drains and ends, to be started again, when it has grown larger. */
  memoryBytesMax?: number
  /** Where it shows metrics; nowhere if absent. */
  metrics?: MetricsAddress
  /** Its version, for a server that sends each workflow to workers of one version. */
  deployment?: WorkerDeploymentVersion
  /** How often the janitor looks; 0 for never. */
  janitorMs: number
  /** Whether it looks for workers that died, and hands on what they had in hand. */
  findsDead: boolean
  log: Logger
}

/** Why it ended: `memory` wants another one in its place. */
export type Ended = 'stopped' | 'memory'

const targets = { targetCpuUsage: 0.9, targetMemoryUsage: 0.8 }

/**
 * Runs until SIGTERM, SIGINT or a command, then stops taking work, lets what runs end within the
 * grace time, and hands the rest back to the server, which gives it to another worker.
 * @throws temporal_unavailable, database_unavailable, postgres_too_old, app_invalid, stage_refused,
 *   stage_unavailable
 */
export async function runWorker(options: WorkerOptions): Promise<Ended> {
  const { log, databaseUrl } = options
  const app = options.app === undefined ? null : await loadApp(options.app)
  const metrics = options.metrics ? await openMetrics(options.metrics) : null
  installRuntime(log, metrics?.sdkAddress ?? null)
  const shutdown = new Shutdown(options)
  const db = openDb(databaseUrl, { max: 3, name: 'sluice worker' })
  // Reports and commands must get through also when every other connection waits.
  const side = openForOne(databaseUrl, 'sluice worker report')
  let wake = () => {}
  const instance = randomUUID()
  const session = hearing(side, instance, () => wake())
  const client = lazyClient(options.temporal)
  try {
    await migrate(db)
    const steps = [...(app?.steps.values() ?? [])].map(planOf)
    if (app) await defineSteps(db, app.path, steps)
    const tasks = new Tasks()
    const transport = createTransport({ allowPrivate: options.allowPrivate })
    const stage = await openStage(options.stage, { connections: options.connections, transport })
    await claimStage(stage, await readLedgerId(db), log)
    const parts = { db, stage, transport, client, app, tasks, shutdown, instance }
    const { queueWorkers, activities } = await createQueueWorkers(options, parts)
    const identity = identityOf(options)
    const finder = deadWorkersFinder({
      session,
      client: client.get,
      instance,
      worker: identity,
      log,
    })
    metrics?.watch({ tasks, queueWorkers, deaths: finder.deaths })
    const onCommand = createCommandHandler({
      queueWorkers,
      shutdown,
      log,
      onChange: () => resizePool(db, queueWorkers),
    })
    const who = {
      instance,
      worker: identity,
      app: app?.path ?? null,
      steps: steps.map(({ step }) => step),
    }
    const reports = await startReports(session, who, {
      queueWorkers,
      tasks,
      shutdown,
      onCommand,
      findDead: options.findsDead ? finder.look : async () => Number.POSITIVE_INFINITY,
      log,
      memoryBytesMax: options.memoryBytesMax,
    })
    wake = reports.wake
    let stopJanitor = () => {}
    try {
      // From the first task on it leaves in order.
      shutdown.onSignals()
      await queueWorkers.add(...(options.queues ?? queuesOf(steps)))
      resizePool(db, queueWorkers)
      await reports.now()
      banner(options, { identity, queueWorkers, activities, app, metrics })
      stopJanitor = startJanitor(options, { client, db, queueWorkers })
      await Promise.race([shutdown.asked, queueWorkers.failed])
    } finally {
      // Also when one queue fails: the others must not look alive behind it.
      stopJanitor()
      await shutdown.end(queueWorkers.drain())
      await shutdown.answer()
      await reports.stop()
    }
    log.info({ event: 'stopped' }, 'worker stopped')
    return shutdown.reason === 'memory' ? 'memory' : 'stopped'
  } catch (error) {
    throw isOfDatabase(error) ? databaseError(error) : error
  } finally {
    await client.close()
    await db.end()
    await session.close()
    await metrics?.close()
  }
}

/** Calls when the session was lost, or somebody has a command for the worker. */
const hearing = (side: Db, instance: string, wake: () => void): OwnSession =>
  new OwnSession(side, {
    onLost: wake,
    channels: [channels.commands],
    onNotified: (_, told) => {
      if (told === instance) wake()
    },
  })

const startJanitor = (
  { janitorMs: everyMs, log }: WorkerOptions,
  { client, db, queueWorkers }: { client: LazyClient; db: Db; queueWorkers: QueueWorkers },
): (() => void) =>
  keepJanitor({
    client: client.get,
    facts: () => readJanitorFacts(db),
    queue: () => (queueWorkers.isDrained ? null : (queueWorkers.list()[0]?.queue ?? null)),
    everyMs,
    log,
  })

function queuesOf(steps: StepPlan[]): QueueOption[] {
  const named = steps.map(({ queue }) => queue).filter((queue) => queue !== null)
  return [...new Set(['ingest', ...named])].map((queue) => ({ queue }))
}

const identityOf = ({ name }: WorkerOptions): string =>
  name?.replaceAll('%h', hostname()) ?? `${process.pid}@${hostname()}`

/** A connection for each task, and one to look on with for each that waits for a lock. */
function resizePool(db: Db, queueWorkers: QueueWorkers): void {
  db.options.max = 2 * queueWorkers.concurrency + 1
}

interface Parts {
  db: Db
  stage: Stage
  transport: Transport
  client: LazyClient
  app: App | null
  tasks: Tasks
  shutdown: Shutdown
  /** Names the process in the ledger. */
  instance: string
}

async function createQueueWorkers(options: WorkerOptions, parts: Parts) {
  const { db, stage, transport, client, app, tasks, shutdown, instance } = parts
  const { temporal, concurrency, autoscale, log, sourceRoots } = options
  const { unpack = unpackLimits, deployment, connections } = options
  const identity = identityOf(options)
  const activities = createActivities({
    db,
    stage,
    sourceRoots,
    transport,
    connections,
    unpack,
    worker: identity,
    instance,
    exclusive: new Exclusive(),
    steps: app?.steps ?? new Map(),
    log,
    leaving: shutdown.signal,
    workflowStatusOf: async (ingestId) => workflowStatusOf(await client.get(), ingestId),
    startIngest: async (ingest) => startUnstarted(await client.get(), ingest),
    progress: (info, progress) => tasks.progress(info, progress),
    isRateLimited: rateLimits(client.get),
  })
  const bundle = workflowBundle()
  const both: SdkOptions = {
    namespace: temporal.namespace,
    identity,
    // The grace time is ours to keep, see shutdown.ts: a drained queue has no end to it.
    shutdownGraceTime: '20 days',
    ...(deployment && {
      workerDeploymentOptions: {
        version: deployment,
        useWorkerVersioning: true,
        // What is under way goes on with the new version: a change of a workflow replays, or is patched.
        defaultVersioningBehavior: 'AUTO_UPGRADE' as const,
      },
    }),
  }
  const common: CommonOptions = {
    workflows: {
      ...both,
      workflowBundle: bundle,
      maxCachedWorkflows: 100,
      // For so long a task waits for the worker that had the workflow last, which may have died.
      stickyQueueScheduleToStartTimeout: '2s',
      // Every task comes through its queue: eager ones would pass by priority, turns and rate limit.
      maxEagerActivityReservationsPerWorkflowTask: 0,
    },
    activities: (slots) => ({
      ...both,
      activities,
      // Brings a cancellation within a second or two, see activities/attempt/activity.ts.
      maxHeartbeatThrottleInterval: '1s',
      interceptors: {
        activity: [watchTasks({ log, tasks, slots, leaving: shutdown.signal }), softLimits],
      },
    }),
  }
  const queueWorkers = new QueueWorkers({
    server: temporal,
    concurrency: autoscale?.max ?? concurrency,
    autoscale: autoscale
      ? { min: autoscale.min, controller: ResourceBasedController.create(targets) }
      : null,
    common,
  })
  return { queueWorkers, activities: Object.keys(activities) }
}
