/** What all turns of a contender come to: medians, and ratios within the rounds. */
import { type CpuUse, noiseOf } from './cpu.ts'
import type { Rows } from './data.ts'
import type { Taken } from './measure.ts'
import type { ContenderName } from './options.ts'
import type { Verb } from './phases.ts'
import { median } from './statistics.ts'

export interface Line {
  contender: ContenderName
  label: string
  secondsMedian: number
  secondsMin: number
  secondsMax: number
  rowsPerSecond: number
  /** How many times as fast as one psql in the same round; the median over the rounds. */
  timesPsql: number | null
  timesLimit: number | null
  /** The highest of all turns. */
  peakRssBytes: number | null
  historyEvents: number | null
  /** Medians. */
  phaseSeconds: Partial<Record<Verb | 'between', number>> | null
  cpuSeconds: CpuUse | null
  /** The share of the machine that others took, at its highest. */
  noise: number | null
}

export interface LoadResult {
  measuredAt: string
  rows: number
  columns: number
  sizeBytes: number
  rounds: number
  concurrency: number
  /** What a fixed piece of work took before the turns: the machine's own speed. */
  paceMs: { min: number; max: number }
  lines: Line[]
  turns: Taken[]
}

export function summarize(
  turns: Taken[],
  rows: Rows,
  { rounds, concurrency, columns }: { rounds: number; concurrency: number; columns: number },
): LoadResult {
  const paces = turns.map(({ paceMs }) => paceMs)
  const names = [...new Set(turns.map(({ contender }) => contender))]
  return {
    measuredAt: new Date().toISOString(),
    rows: rows.sums.rows,
    columns,
    sizeBytes: rows.sizeBytes,
    rounds,
    concurrency,
    paceMs: { min: Math.min(...paces), max: Math.max(...paces) },
    lines: names.map((name) => lineOf(name, turns, rows.sums.rows)),
    turns,
  }
}

function lineOf(name: ContenderName, turns: Taken[], rows: number): Line {
  const own = turns.filter(({ contender }) => contender === name)
  const seconds = own.map((turn) => turn.seconds)
  const rss = own.map(({ peakRssBytes }) => peakRssBytes).filter((bytes) => bytes !== null)
  const told = own.map((turn) => turn.told).filter((each) => each !== null)
  const cpu = own.map((turn) => turn.cpu).filter((each) => each !== null)
  return {
    contender: name,
    label: own[0]?.label ?? name,
    secondsMedian: median(seconds),
    secondsMin: Math.min(...seconds),
    secondsMax: Math.max(...seconds),
    rowsPerSecond: Math.round(rows / median(seconds)),
    timesPsql: times(turns, own, 'psql'),
    timesLimit: times(turns, own, 'slices'),
    peakRssBytes: rss.length > 0 ? Math.max(...rss) : null,
    historyEvents: told.length > 0 ? Math.max(...told.map((each) => each.historyEvents)) : null,
    phaseSeconds: told.length > 0 ? phaseSeconds(told) : null,
    cpuSeconds: cpu.length > 0 ? medians(cpu) : null,
    noise: cpu.length > 0 ? Math.max(...own.map((turn) => noiseIn(turn))) : null,
  }
}

/** Two that were measured in one round met the same neighbours. */
function times(turns: Taken[], own: Taken[], base: ContenderName): number | null {
  const ratios = own.flatMap(({ round, seconds }) => {
    const found = turns.find((turn) => turn.contender === base && turn.round === round)
    return found ? [found.seconds / seconds] : []
  })
  return ratios.length > 0 ? median(ratios) : null
}

function phaseSeconds(told: NonNullable<Taken['told']>[]): Line['phaseSeconds'] {
  const verbs = Object.keys(told[0]?.phases ?? {}) as Verb[]
  const found: Line['phaseSeconds'] = {}
  for (const verb of verbs) {
    found[verb] = median(told.map(({ phases }) => (phases[verb]?.ms ?? 0) / 1000))
  }
  return { ...found, between: median(told.map(({ betweenMs }) => betweenMs / 1000)) }
}

function medians(all: CpuUse[]): CpuUse {
  const names = Object.keys(all[0] ?? {}) as (keyof CpuUse)[]
  const found = names.map((name) => [name, median(all.map((cpu) => cpu[name]))])
  return Object.fromEntries(found) as unknown as CpuUse
}

const noiseIn = ({ cpu, seconds }: Taken): number => (cpu ? noiseOf(cpu, seconds) : 0)
