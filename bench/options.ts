/** What the command line of the bench asks for. */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

/** Those that load the same rows, in the order in which they take turns. */
export const contenderNames = ['psql', 'slices', 'sluice', 'append'] as const
export type ContenderName = (typeof contenderNames)[number]

/** Small tasks: those of Sluice, and those of Celery beside them. */
const comparedNames = ['steps', 'replicas', 'celery'] as const

/** Each of them gives a part of the results, see measures.ts. */
export const measureNames = [
  'size',
  'files',
  'record',
  'growth',
  'kill',
  'burst',
  'told',
  'formats',
  'sources',
  'modes',
] as const
export type MeasureName = (typeof measureNames)[number]

/** What comes without a name: the others take long, or much of the disk. */
const others: readonly string[] = [
  'size',
  'files',
  'growth',
  'kill',
  'burst',
  'formats',
  'sources',
  'modes',
]

/** The sizes that the README speaks of. Smaller ones do not become bench/results/latest. */
export const full = { sizeGb: 5, files: 100_000, recordMb: 200, killRows: 1_000_000 }

/** The size that the README speaks of; only its figures become bench/results/latest. */
export const fullRows = 5_000_000

export interface BenchOptions {
  contenders: ContenderName[]
  latency: boolean
  /** Sluice with empty steps. */
  steps: boolean
  /** Sluice with steps that wait, on more and more workers. */
  replicas: boolean
  /** Celery beside both, or by itself. */
  celery: boolean
  measures: MeasureName[]
  /** Only draws what is measured already. */
  chart: boolean
  rows: number
  /** The larger one of the two files of `size`. */
  sizeGb: number
  files: number
  recordMb: number
  killRows: number
  /** How many turns each contender gets. */
  pairs: number
  /** Activities at once in the worker. */
  concurrency: number
  /** How long a turn may wait for a machine that others leave alone. */
  patienceSeconds: number
  /** Takes a CPU profile of every worker. */
  cpuProf: boolean
}

export const usage = `npm run bench -- [NAME…] [--rows N] [--pairs N] [--patience N] [--cpu-prof]

  NAME            psql, slices, sluice, append, latency, steps, replicas, celery, record, told:
                  all of these without a name; and size, files, growth, kill, burst,
                  formats, sources, modes.
                  chart draws docs/growth.svg from the last figures, and measures nothing
  --rows N        rows to load (${fullRows})
  --pairs N       turns for each contender, and bursts of small tasks (3)
  --concurrency N activities at once in Sluice's worker (twice the number of cores)
  --size-gb N     size: the large one of its two files (${full.sizeGb})
  --files N       files: how many (${full.files})
  --record-mb N   record: how long (${full.recordMb})
  --kill-rows N   kill: rows to load (${full.killRows})
  --patience N    seconds that a turn may wait for others to leave the machine alone (0);
                  one that they disturb all the same is taken again
  --cpu-prof      a CPU profile of each worker in bench/results/profiles`

/** @returns null when the usage was asked for */
export function readOptions(args: string[]): BenchOptions | null {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      rows: { type: 'string', default: String(fullRows) },
      pairs: { type: 'string', default: '3' },
      concurrency: { type: 'string', default: String(2 * availableParallelism()) },
      'size-gb': { type: 'string', default: String(full.sizeGb) },
      files: { type: 'string', default: String(full.files) },
      'record-mb': { type: 'string', default: String(full.recordMb) },
      'kill-rows': { type: 'string', default: String(full.killRows) },
      patience: { type: 'string', default: '0' },
      'cpu-prof': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return null
  const all: string[] = [...contenderNames, 'latency', ...comparedNames, ...measureNames]
  const known = [...all, 'chart']
  const stranger = positionals.find((name) => !known.includes(name))
  if (stranger) throw new Error(`${stranger} is none of ${known.join(', ')}.`)
  if (positionals.includes('chart') && positionals.length > 1) {
    throw new Error('chart measures nothing: give it alone.')
  }
  const wanted = positionals.length > 0 ? positionals : all.filter((name) => !others.includes(name))
  return {
    contenders: contenderNames.filter((name) => wanted.includes(name)),
    latency: wanted.includes('latency'),
    steps: wanted.includes('steps'),
    replicas: wanted.includes('replicas'),
    celery: wanted.includes('celery'),
    measures: measureNames.filter((name) => wanted.includes(name)),
    chart: wanted.includes('chart'),
    rows: count('--rows', values.rows),
    sizeGb: amount('--size-gb', values['size-gb']),
    files: count('--files', values.files),
    recordMb: count('--record-mb', values['record-mb']),
    killRows: count('--kill-rows', values['kill-rows']),
    pairs: count('--pairs', values.pairs),
    concurrency: count('--concurrency', values.concurrency),
    patienceSeconds: count('--patience', values.patience, 0),
    cpuProf: values['cpu-prof'],
  }
}

function count(flag: string, text: string, least = 1): number {
  const value = Number(text.replaceAll('_', ''))
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new Error(`${flag} is ${text}: give a whole number from ${least} on.`)
}

function amount(flag: string, text: string): number {
  const value = Number(text)
  if (Number.isFinite(value) && value > 0) return value
  throw new Error(`${flag} is ${text}: give a number above 0.`)
}
