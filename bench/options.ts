/** What the command line of the bench asks for. */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

/** Those that load the same rows, in the order in which they take turns. */
export const contenderNames = ['psql', 'slices', 'sluice', 'append'] as const
export type ContenderName = (typeof contenderNames)[number]

/** Small tasks: those of Sluice, and those of Celery beside them. */
const comparedNames = ['steps', 'replicas', 'celery'] as const

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
  rows: number
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

  NAME            psql, slices, sluice, append, latency, steps, replicas, celery;
                  all of them without a name
  --rows N        rows to load (${fullRows})
  --pairs N       turns for each contender, and bursts of small tasks (3)
  --concurrency N activities at once in Sluice's worker (the number of cores)
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
      concurrency: { type: 'string', default: String(availableParallelism()) },
      patience: { type: 'string', default: '0' },
      'cpu-prof': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return null
  const known: string[] = [...contenderNames, 'latency', ...comparedNames]
  const stranger = positionals.find((name) => !known.includes(name))
  if (stranger) throw new Error(`${stranger} is none of ${known.join(', ')}.`)
  const wanted = positionals.length > 0 ? positionals : known
  return {
    contenders: contenderNames.filter((name) => wanted.includes(name)),
    latency: wanted.includes('latency'),
    steps: wanted.includes('steps'),
    replicas: wanted.includes('replicas'),
    celery: wanted.includes('celery'),
    rows: count('--rows', values.rows),
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
