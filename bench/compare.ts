/**
 * Sluice's steps beside Celery's tasks: the same small work, the same machine, one go.
 *
 * The sides take turns, measure by measure, so that a slow minute of the machine hits both. Both
 * stand all the time; the one that waits takes next to nothing.
 */
import { openCelery } from './celery/side.ts'
import { type CpuUse, countCpu, noiseMax, noiseOf, untilQuiet } from './cpu.ts'
import { type Spread, spread } from './latency.ts'
import type { BenchOptions } from './options.ts'
import type { Burst, Delays, Side, SideName, Tasks } from './side.ts'
import type { Stack } from './stack.ts'
import { median } from './statistics.ts'
import { openSluice } from './steps/side.ts'

const concurrency = 4
const oneByOne = 50
/** The first ones meet processes that have not done anything yet. */
const firstOnes = 5
const burst: Tasks = { count: 1000, pauseMs: 0 }
const firstBurst: Tasks = { count: 100, pauseMs: 0 }
const pauses: Tasks = { count: 240, pauseMs: 250 }
const replicaCounts = [1, 2, 3]
const attemptsMax = 4

export interface TakenBurst extends Burst {
  /** With the workers and the API in `bench`; for Celery all that is its own. */
  cpu: CpuUse | null
}

export interface Rate {
  tasksPerSecond: number
  /** From the first task's start to the last one's end; what comes before and after is not in. */
  innerPerSecond: number | null
  /** Each turn. */
  bursts: TakenBurst[]
}

export interface SideFigures {
  versions: Record<string, string>
  latency?: Latency
  rate?: Rate
  replicas?: (Rate & { replicas: number })[]
  /** The share of the machine that others took, at its highest; null where nobody can tell. */
  noise: number | null
}

interface Latency {
  done: Spread
  step: Spread | null
  phasesMs: Delays['phasesMs']
  /** For all tasks, with those that are not counted; absent in figures of earlier versions. */
  cpu?: CpuUse | null
  tasks?: number
}

export interface Comparison {
  measuredAt: string
  /** Tasks at once in each replica. */
  concurrency: number
  oneByOne: number
  burst: Tasks
  pauses: Tasks
  rounds: number
  sides: Partial<Record<SideName, SideFigures>>
}

interface Going {
  stack: Stack
  sides: Side[]
  figures: Partial<Record<SideName, SideFigures>>
  patienceSeconds: number
  say: (line: string) => void
}

/**
 * Celery alone does all measures; beside Sluice those that Sluice was asked for.
 * @returns null when there is no side that could be measured
 */
export async function compare(
  stack: Stack,
  options: BenchOptions,
  say: (line: string) => void,
): Promise<Comparison | null> {
  const { steps, replicas, pairs: rounds, patienceSeconds } = options
  const sides = await openSides(stack, options, say)
  if (sides.length === 0) return null
  const figures: Going['figures'] = {}
  for (const { name, versions } of sides) figures[name] = { versions, noise: null }
  const going: Going = { stack, sides, figures, patienceSeconds, say }
  if (steps || !replicas) {
    await measureLatencies(going)
    await measureRates(going, rounds)
  }
  if (replicas || !steps) await measureReplicas(going)
  for (const side of sides) await side.close()
  const measuredAt = new Date().toISOString()
  return { measuredAt, concurrency, oneByOne, burst, pauses, rounds, sides: figures }
}

async function openSides(
  stack: Stack,
  { steps, replicas, celery }: BenchOptions,
  say: (line: string) => void,
): Promise<Side[]> {
  const sides: Side[] = []
  if (steps || replicas) sides.push(await openSluice(stack, concurrency))
  if (celery) {
    const { folder, closing } = stack
    const opened = await openCelery({ folder, closing, concurrency }, say)
    if ('skipped' in opened) say(`Celery is skipped. ${opened.skipped}`)
    else sides.push(opened)
  }
  return sides
}

async function measureLatencies(going: Going): Promise<void> {
  for (const side of going.sides) {
    const measure = () => side.latency(oneByOne, firstOnes)
    const { measured, cpu } = await quietly(going, side, measure, (delays) => {
      const { medianMs, p95Ms } = spread(delays.tookMs)
      return `one by one: median ${medianMs.toFixed(1)} ms, p95 ${p95Ms.toFixed(1)}`
    })
    const { tookMs, stepMs, phasesMs } = measured
    const spreads = { done: spread(tookMs), step: stepMs && spread(stepMs) }
    const tasks = firstOnes + oneByOne
    figuresOf(going, side).latency = { ...spreads, phasesMs, cpu, tasks }
  }
}

/** One small burst for each comes before, and is not counted. */
async function measureRates(going: Going, rounds: number): Promise<void> {
  for (const side of going.sides) await side.rate(firstBurst)
  const bursts = new Map<Side, TakenBurst[]>()
  for (let round = 1; round <= rounds; round++) {
    for (const side of going.sides) {
      const tell = ({ seconds }: Burst) => `${round}: ${burst.count} in ${seconds.toFixed(2)} s`
      const { measured, cpu } = await quietly(going, side, () => side.rate(burst), tell)
      bursts.set(side, [...(bursts.get(side) ?? []), { ...measured, cpu }])
    }
  }
  for (const [side, all] of bursts) figuresOf(going, side).rate = rateOf(burst, all)
}

async function measureReplicas(going: Going): Promise<void> {
  for (const replicas of replicaCounts) {
    for (const side of going.sides) {
      await side.scale(replicas)
      const tell = ({ seconds }: Burst) =>
        `${replicas} × ${concurrency}: ${pauses.count} in ${seconds.toFixed(2)} s`
      const { measured, cpu } = await quietly(going, side, () => side.rate(pauses), tell)
      const figures = figuresOf(going, side)
      figures.replicas ??= []
      figures.replicas.push({ replicas, ...rateOf(pauses, [{ ...measured, cpu }]) })
    }
  }
}

/** Notes how much of the machine others took; with patience it measures again if that was much. */
async function quietly<T>(
  { stack, patienceSeconds, say, figures }: Going,
  { name, workerPid }: Side,
  measure: () => Promise<T>,
  tell: (measured: T) => string,
): Promise<{ measured: T; cpu: CpuUse | null }> {
  const pids = { postgres: stack.postgresPid, temporal: stack.temporalPid, worker: workerPid }
  for (let attempt = 1; ; attempt++) {
    await untilQuiet(pids, patienceSeconds)
    const cpuSince = await countCpu(pids)
    const startMs = performance.now()
    const measured = await measure()
    const cpu = await cpuSince()
    const noise = cpu && noiseOf(cpu, (performance.now() - startMs) / 1000)
    const again = (noise ?? 0) > noiseMax && patienceSeconds > 0 && attempt < attemptsMax
    const others = noise === null ? '' : `, others took ${(100 * noise).toFixed(0)} %`
    say(`${name.padEnd(7)} ${tell(measured)}${others}${again ? '  disturbed: once more' : ''}`)
    if (again) continue
    const own = figures[name] as SideFigures
    if (noise !== null) own.noise = Math.max(own.noise ?? 0, noise)
    return { measured, cpu }
  }
}

const figuresOf = ({ figures }: Going, { name }: Side): SideFigures => figures[name] as SideFigures

function rateOf({ count }: Tasks, bursts: TakenBurst[]): Rate {
  const inner = bursts.map(({ innerSeconds }) => innerSeconds).filter((each) => each !== null)
  return {
    tasksPerSecond: count / median(bursts.map(({ seconds }) => seconds)),
    innerPerSecond: inner.length > 0 ? count / median(inner) : null,
    bursts,
  }
}
