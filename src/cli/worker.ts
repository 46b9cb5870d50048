/** `sluice worker` */
import { availableParallelism } from 'node:os'
import { delimiter, resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Config, readConfig } from '../config.ts'
import { createLog, type LogFormat, type LogLevel } from '../log.ts'
import { runWorker, type WorkerOptions } from '../worker/run.ts'
import { addLog, integer } from './options.ts'
import { needDatabase, needTemporal } from './settings.ts'
import { readFeed } from './up/feed.ts'

interface Options {
  queue: string[]
  concurrency: number
  logLevel?: LogLevel
  logFormat?: LogFormat
  sourceRoots?: string[]
  name?: string
  fed?: boolean
}

export function declare(command: Command): void {
  command
    .option('--queue <names>', 'task queues, with commas in between', queues, ['ingest'])
    .option(
      '--concurrency <n>',
      'activities at once, for each queue',
      integer(1, 1000),
      availableParallelism(),
    )
    .option(
      '--name <name>',
      'its Temporal identity; %h is the host (default: process id@host)',
      name,
    )
    .option(
      '--source-roots <folders>',
      `what directory sources may read, with ${delimiter} in between (default: SLUICE_SOURCE_ROOTS, or .)`,
      (text) => text.split(delimiter).filter(Boolean),
    )
    .addOption(new Option('--fed', 'settings and life come through stdin').hideHelp())
    .action(run)
  addLog(command)
}

function name(text: string): string {
  if (/^[\x21-\x7e]{1,200}$/.test(text)) return text
  throw new InvalidArgumentError('A name has 1 to 200 ASCII characters and no spaces.')
}

function queues(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.some((name) => !/^[^\s,]{1,200}$/.test(name))) {
    throw new InvalidArgumentError('A queue name has 1 to 200 characters and no spaces.')
  }
  if (new Set(names).size < names.length) throw new InvalidArgumentError('A name is there twice.')
  return names
}

async function run(options: Options): Promise<void> {
  const config = readConfig()
  const { queue, concurrency, name } = options
  const { level, format } = config.log
  const log = createLog(options.logLevel ?? level, options.logFormat ?? format ?? 'pretty')
  try {
    const place = options.fed ? await readFeed() : placeOf(config, options)
    // Without settings, whoever started us is gone.
    if (place) await runWorker({ ...place, queues: queue, concurrency, log, ...(name && { name }) })
  } finally {
    // An open pipe would keep the process.
    if (options.fed) process.stdin.destroy()
  }
}

type Place = Pick<WorkerOptions, 'temporal' | 'databaseUrl' | 'stageDir' | 'sourceRoots'>

const placeOf = (config: Config, { sourceRoots = config.sourceRoots }: Options): Place => ({
  temporal: needTemporal(config),
  databaseUrl: needDatabase(config),
  stageDir: config.stageDir,
  sourceRoots: sourceRoots.map((root) => resolve(root)),
})
