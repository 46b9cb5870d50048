/**
 * How long a small ingest takes, as a client of the API sees it: from sending `POST /v1/ingests`
 * for a file of ten rows to the event that says it is completed.
 *
 * One after the other, each into a new table. The upload comes before and is not counted.
 */
import { openApi, type Timed, timeIngest, uploadTen } from './api.ts'
import { countCpu, noiseOf, untilQuiet } from './cpu.ts'
import type { Verb } from './phases.ts'
import type { Stack } from './stack.ts'
import { median, quantile } from './statistics.ts'
import { dropTable } from './tables.ts'
import { startWorker } from './worker.ts'

export const latencyIngests = 50
/** The first ones meet a process that has not compiled anything yet. */
const firstIngests = 5

export interface Latency {
  ingests: number
  /** Until the client has seen the end. */
  seen: Spread
  /** Until the end is in the ledger, from where the API tells of it. */
  ledger: Spread
  /** Medians. */
  phasesMs: Partial<Record<Verb | 'between', number>>
  /** The share of the machine that others took; null where nobody can tell. */
  noise: number | null
}

export interface Spread {
  minMs: number
  medianMs: number
  p95Ms: number
}

export async function measureLatency(
  stack: Stack,
  { concurrency, patienceSeconds }: { concurrency: number; patienceSeconds: number },
): Promise<Latency> {
  const queue = 'latency'
  const worker = await startWorker(stack, {
    queue,
    concurrency,
    sources: stack.folder,
    profiles: null,
  })
  const api = await openApi(stack)
  const pids = { postgres: stack.postgresPid, temporal: stack.temporalPid, worker: worker.pid }
  await untilQuiet(pids, patienceSeconds)
  const cpuSince = await countCpu(pids)
  const startMs = performance.now()
  const timed: Timed[] = []
  for (let no = 0; no < firstIngests + latencyIngests; no++) {
    timed.push(await timeTen(stack, { url: api.url, queue, id: `ten-${no}` }))
  }
  const cpu = await cpuSince()
  const noise = cpu && noiseOf(cpu, (performance.now() - startMs) / 1000)
  await api.close()
  await worker.stop()
  return summary(timed.slice(firstIngests), noise)
}

async function timeTen(
  stack: Stack,
  { url, queue, id }: { url: string; queue: string; id: string },
): Promise<Timed> {
  const table = id.replace('-', '_')
  await uploadTen(url, id)
  const source = { kind: 'upload', uploads: [id] }
  const timed = await timeIngest(stack, url, { id, source, target: { table }, queue })
  if (timed.ended.rowsLoaded !== 10) {
    throw new Error(`${id} ended otherwise: ${JSON.stringify(timed.ended)}`)
  }
  await dropTable(stack.db, table)
  return timed
}

const summary = (timed: Timed[], noise: number | null): Latency => ({
  ingests: timed.length,
  seen: spread(timed.map(({ seenMs }) => seenMs)),
  ledger: spread(timed.map(({ ledgerMs }) => ledgerMs)),
  phasesMs: phaseMedians(timed),
  noise,
})

export function phaseMedians(timed: readonly Timed[]): Latency['phasesMs'] {
  const verbs = Object.keys(timed[0]?.phases ?? {}) as Verb[]
  const phasesMs: Latency['phasesMs'] = {}
  for (const verb of verbs) {
    phasesMs[verb] = median(timed.map(({ phases }) => phases[verb]?.ms ?? 0))
  }
  phasesMs.between = median(timed.map(({ betweenMs }) => betweenMs))
  return phasesMs
}

export const spread = (ms: number[]): Spread => ({
  minMs: Math.min(...ms),
  medianMs: median(ms),
  p95Ms: quantile(ms, 0.95),
})
