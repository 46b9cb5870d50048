/** A measure that stands by itself: it gives one part of the results, and can tell of it. */
import { type CpuUse, countCpu, noiseMax, noiseOf, untilQuiet } from './cpu.ts'
import type { Telling } from './grid.ts'
import type { BenchOptions } from './options.ts'
import type { Stack } from './stack.ts'

export interface Part {
  measuredAt: string
  /** The share of the machine that others took, at its highest; null where nobody can tell. */
  noise: number | null
}

export type Say = (line: string) => void

export interface Measure<P extends Part> {
  measure(stack: Stack, options: BenchOptions, say: Say): Promise<P>
  /** Has the size that the README speaks of. */
  isFull(part: P): boolean
  tell(part: P): Telling
}

export interface Watched<T> {
  value: T
  seconds: number
  cpu: CpuUse | null
  noise: number | null
}

export interface WatchOptions {
  workerPid: number | null
  patienceSeconds: number
}

/** Times the work, and notes how much of the machine others took meanwhile. */
export async function watched<T>(
  { db, postgresPid: postgres, temporalPid: temporal }: Stack,
  { workerPid: worker, patienceSeconds }: WatchOptions,
  work: () => Promise<T>,
): Promise<Watched<T>> {
  // What the one before left to be written is written now.
  await db.query('checkpoint')
  const pids = { postgres, temporal, worker }
  await untilQuiet(pids, patienceSeconds)
  const cpuSince = await countCpu(pids)
  const startMs = performance.now()
  const value = await work()
  const seconds = (performance.now() - startMs) / 1000
  const cpu = await cpuSince()
  return { value, seconds, cpu, noise: cpu && noiseOf(cpu, seconds) }
}

const attemptsMax = 4

/** Whoever has patience measures again what others disturbed, whatever its outcome was. */
export async function patiently<T extends { noise: number | null }>(
  patienceSeconds: number,
  measure: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const measured = await measure()
    const isDisturbed = (measured.noise ?? 0) > noiseMax
    if (!isDisturbed || patienceSeconds === 0 || attempt === attemptsMax) return measured
  }
}

/** The highest of several. */
export function noisiest(all: readonly { noise: number | null }[]): number | null {
  const known = all.map(({ noise }) => noise).filter((noise) => noise !== null)
  return known.length > 0 ? Math.max(...known) : null
}

export const noiseNote = ({ noise }: { noise: number | null }): string[] =>
  (noise ?? 0) > noiseMax
    ? [`Noisy: others took up to ${(100 * (noise ?? 0)).toFixed(0)} % of the machine meanwhile.`]
    : []
