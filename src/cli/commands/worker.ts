/** `sluice worker` */
import { availableParallelism } from 'node:os'
import { delimiter, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { type Config, readConfig } from '../../config.ts'
import type { Connections } from '../../connections/index.ts'
import { createLog, type LogFormat, type Logger, type LogLevel } from '../../log.ts'
import type { MetricsAddress } from '../../worker/metrics.ts'
import type { QueueOption } from '../../worker/queueWorkers.ts'
import type { WorkerOptions } from '../../worker/run.ts'
import { readConnections } from '../connections.ts'
import { asList } from '../once.ts'
import { addLog, integer } from '../options.ts'
import { needDatabase, needTemporal } from '../settings.ts'
import { readSettingsPipe, type WorkerSettings } from './up/settingsPipe.ts'
import { autoscale, duration, memory, metrics, name, queues } from './worker/parse.ts'
import { followParent, runSuccessors, successorCode } from './worker/restart.ts'

const lingerMs = 1000

interface Options {
  app?: string
  queue?: QueueOption[]
  concurrency: number
  autoscale?: { max: number; min: number }
  name?: string
  grace: number
  maxMemory?: number
  metrics?: MetricsAddress
  logLevel?: LogLevel
  logFormat?: LogFormat
  sourceRoots?: string[]
  fed?: boolean
  restarted?: boolean
}

export function declare(command: Command): void {
  command
    .option('-A, --app <module>', 'a module that exports steps: ./my-steps.ts')
    .addOption(
      asList(
        new Option(
          '-Q, --queue <names>',
          "task queues, with commas in between; video_tasks:2 has a limit of its own (default: ingest, and those of the app's steps)",
        ),
        queues,
      ),
    )
    .addOption(
      new Option(
        '-c, --concurrency <n>',
        'activities at once, shared by the queues without a limit of their own',
      )
        .argParser(integer(1, 1000))
        .default(availableParallelism(), 'cores'),
    )
    .addOption(
      new Option(
        '--autoscale <max,min>',
        'as many activities at once as CPU and memory allow, between these',
      )
        .argParser(autoscale)
        .conflicts('concurrency'),
    )
    .option(
      '-n, --name <name>',
      'its Temporal identity; %h is the host (default: process id@host)',
      name,
    )
    .addOption(
      new Option(
        '--grace <time>',
        'after a stop, units in flight may go on for this long; the rest is handed back',
      )
        .argParser(duration)
        .default(20_000, '20s'),
    )
    .option(
      '--max-memory <size>',
      'when it has grown larger (800m, 2g) it drains, and another one takes its place',
      memory,
    )
    .option(
      '--metrics <address>',
      'show metrics for Prometheus there, those of the Temporal SDK too: :9464 (default: none)',
      metrics,
    )
    .addOption(
      asList(
        new Option(
          '--source-roots <folders>',
          `what directory sources may read, with ${delimiter} in between (default: SLUICE_SOURCE_ROOTS, or .)`,
        ),
        (text, earlier: string[]) => [...earlier, ...text.split(delimiter).filter(Boolean)],
      ),
    )
    .addOption(new Option('--fed', 'settings and life come through stdin').hideHelp())
    .addOption(new Option('--restarted', 'it has a parent that starts successors').hideHelp())
    .action(run)
  addLog(command)
}

async function run(options: Options): Promise<void> {
  if (options.maxMemory !== undefined && !options.restarted) {
    process.exitCode = await runSuccessors()
    return
  }
  if (options.restarted) followParent()
  const config = readConfig()
  const { level, format } = config.log
  const log = createLog(options.logLevel ?? level, options.logFormat ?? format ?? 'pretty')
  try {
    const place = options.fed
      ? await readSettingsPipe<WorkerSettings>(import('../../worker/run.ts'))
      : placeOf(config, options)
    // Without settings, the process that started us is gone.
    if (!place) return
    const { runWorker } = await import('../../worker/run.ts')
    const { janitorMs, findsDead, unpack, deployment, allowPrivate } = config
    const connections = await readConnections(config)
    await warnOf(connections, log)
    const own = { janitorMs, findsDead, unpack, connections, allowPrivate, log }
    const version = deployment && { deployment }
    const ended = await runWorker({ ...place, ...workOf(options), ...own, ...version })
    if (ended === 'memory') process.exitCode = successorCode
  } finally {
    // An open pipe would keep the process.
    if (options.fed) process.stdin.destroy()
    // Nor may a part of the SDK that never started: a worker that is over must not look alive.
    setTimeout(() => process.exit(), lingerMs).unref()
  }
}

/** One that is not valid is no reason to do nothing at all: an ingest that names it fails. */
async function warnOf(connections: Connections, log: Logger): Promise<void> {
  for (const { name, problem } of await connections.list()) {
    if (problem !== null) log.warn({ event: 'connection_invalid', connection: name }, problem)
  }
}

type Place = Pick<WorkerOptions, 'temporal' | 'databaseUrl' | 'stage' | 'sourceRoots'>

const placeOf = (config: Config, { sourceRoots = config.sourceRoots }: Options): Place => ({
  temporal: needTemporal(config),
  databaseUrl: needDatabase(config),
  stage: config.stage,
  sourceRoots: sourceRoots.map((root) => resolve(root)),
})

type FromConfig = 'log' | 'janitorMs' | 'findsDead' | 'connections' | 'allowPrivate'

const workOf = (options: Options): Omit<WorkerOptions, keyof Place | FromConfig> => ({
  ...(options.queue && { queues: options.queue }),
  concurrency: options.concurrency,
  graceMs: options.grace,
  ...(options.autoscale && { autoscale: options.autoscale }),
  ...(options.name !== undefined && { name: options.name }),
  ...(options.app !== undefined && { app: options.app }),
  ...(options.maxMemory !== undefined && { memoryBytesMax: options.maxMemory }),
  ...(options.metrics && { metrics: options.metrics }),
})
