/**
 * Sluice's steps as a side: an ingest of files with one step and no target, through the API.
 *
 * One file and one step stand for a task. All of Sluice's promises are on: every step is recorded
 * in the ledger in PostgreSQL, with fsync, and in Temporal's history.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Api, openApi, type Timed, timeIngest } from '../api.ts'
import { phaseMedians } from '../latency.ts'
import type { Burst, Delays, Side, Tasks } from '../side.ts'
import type { Stack } from '../stack.ts'
import { type BenchWorker, startWorker } from '../worker.ts'
import { empty, pause, pauseMs } from './app.ts'

const app = join(import.meta.dirname, 'app.ts')
const queue = 'steps'

interface Place {
  stack: Stack
  api: Api
  sources: string
}

export async function openSluice(stack: Stack, concurrency: number): Promise<Side> {
  const sources = join(stack.folder, 'steps')
  await mkdir(sources)
  const workers: BenchWorker[] = []
  const scale = async (replicas: number) => {
    while (workers.length < replicas) {
      const name = `replica-${workers.length + 1}`
      workers.push(
        await startWorker(stack, { queue, concurrency, sources, profiles: null, name, app }),
      )
    }
  }
  await scale(1)
  const place = { stack, api: await openApi(stack), sources }
  return {
    name: 'sluice',
    versions: {},
    latency: (count, first) => latency(place, count, first),
    rate: (tasks) => rate(place, tasks, workers.length),
    scale,
    workerPid: workers[0]?.pid ?? null,
    async close() {
      await place.api.close()
      await Promise.all(workers.map((worker) => worker.stop()))
    },
  }
}

async function latency(place: Place, count: number, first: number): Promise<Delays> {
  const path = await makeFiles(place, 1)
  const timed: Timed[] = []
  for (let no = 0; no < first + count; no++) {
    const id = `step-${no}-${Date.now()}`
    timed.push(await timeIngest(place.stack, place.api.url, specOf(id, path, empty.name)))
  }
  const counted = timed.slice(first)
  return {
    tookMs: counted.map(({ seenMs }) => seenMs),
    stepMs: stepTimes(counted),
    phasesMs: phaseMedians(counted),
  }
}

/** A single file has its step in the first activity, together with all else. */
function stepTimes(timed: readonly Timed[]): number[] | null {
  const times = timed.map(({ phases }) => phases.step?.ms)
  return times.every((ms) => ms !== undefined) ? times : null
}

async function rate(place: Place, { count, pauseMs: wanted }: Tasks, replicas: number) {
  if (wanted !== 0 && wanted !== pauseMs) throw new Error(`No step waits ${wanted} ms.`)
  const step = wanted === 0 ? empty : pause
  const id = `burst-${count}-${Date.now()}`
  const spec = specOf(id, await makeFiles(place, count), step.name)
  const { seenMs } = await timeIngest(place.stack, place.api.url, spec)
  const innerSeconds = await lookAtSteps(place.stack, id, { count, replicas })
  return { seconds: seenMs / 1000, innerSeconds } satisfies Burst
}

const specOf = (id: string, path: string, step: string) => ({
  id,
  source: { kind: 'directory', path },
  steps: [step],
  queue,
})

/** A folder of so many small files. */
async function makeFiles({ sources }: Place, count: number): Promise<string> {
  const folder = join(sources, String(count))
  await mkdir(folder, { recursive: true })
  for (let no = 0; no < count; no++) await writeFile(join(folder, `${no}.txt`), `file ${no}\n`)
  return folder
}

/**
 * Every step was done, once, and every replica had its share.
 * @returns seconds from the start of the first step to the end of the last one
 */
async function lookAtSteps(
  { db }: Stack,
  ingestId: string,
  { count, replicas }: { count: number; replicas: number },
): Promise<number> {
  const { rows } = await db.query(
    `select count(*) filter (where finished_at is not null) as steps,
            count(distinct file_no) as files, count(distinct worker) as workers,
            extract(epoch from max(finished_at) - min(started_at))::float8 as seconds
     from sluice.steps where ingest_id = $1`,
    [ingestId],
  )
  const { steps, files, workers, seconds } = rows[0]
  const wanted = { steps: count, files: count, workers: replicas }
  if (Number(steps) === count && Number(files) === count && Number(workers) === replicas) {
    return seconds
  }
  const found = JSON.stringify({ steps, files, workers })
  throw new Error(`${ingestId} has ${found}, not ${JSON.stringify(wanted)}.`)
}
