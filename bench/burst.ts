/**
 * Many small ingests at once: a thousand of ten rows each, posted as fast as the API takes them.
 * From the first POST until the last one has ended, each into a table of its own.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { openApi, postIngest, uploadTen } from './api.ts'
import type { CpuUse } from './cpu.ts'
import { whole } from './grid.ts'
import { type Measure, noiseNote, noisiest, type Part, watched } from './part.ts'
import { profilesFolder } from './sluice.ts'
import type { Stack } from './stack.ts'
import { dropTable } from './tables.ts'
import { startWorker } from './worker.ts'

interface Burst {
  /** From the first POST to the end of the last ingest. */
  seconds: number
  /** Until the last POST was answered. */
  postedSeconds: number
  cpu: CpuUse | null
  noise: number | null
}

export interface BurstPart extends Part {
  ingests: number
  concurrency: number
  lines: Burst[]
}

const ingests = 1000
/** So many requests are under way at a time, as clients of a service have. */
const clients = 16
const limitMs = 10 * 60_000
const lookMs = 50

export const burst: Measure<BurstPart> = {
  async measure(stack, options, say) {
    const { concurrency, patienceSeconds, pairs, cpuProf } = options
    const profiles = cpuProf ? profilesFolder : null
    const queue = 'burst'
    const sources = stack.folder
    const worker = await startWorker(stack, { queue, concurrency, sources, profiles })
    const api = await openApi(stack)
    const lines: Burst[] = []
    for (let round = 0; round < pairs; round++) {
      const ids = Array.from({ length: ingests }, (_, no) => `burst-${round}-${no}`)
      await atOnce(ids, (id) => uploadTen(api.url, id))
      const watch = { workerPid: worker.pid, patienceSeconds }
      const { value, ...times } = await watched(stack, watch, () => post(stack, api.url, ids))
      lines.push({ postedSeconds: value, ...times })
      say(`burst   ${perSecond(times.seconds)} ingests a second, ${times.seconds.toFixed(1)} s`)
      for (const id of ids) await dropTable(stack.db, tableOf(id))
    }
    await api.close()
    await worker.stop()
    const measuredAt = new Date().toISOString()
    return { measuredAt, ingests, concurrency, lines, noise: noisiest(lines) }
  },
  isFull: () => true,
  tell: (part) => ({
    title: `${whole(part.ingests)} ingests of ten rows, posted at once, each into a new table.`,
    cells: [
      ['round', 'ingests/s', 'seconds', 'posted after', 'CPU of worker', 'Temporal', 'PostgreSQL'],
      ...part.lines.map(({ seconds, postedSeconds, cpu }, round) => [
        String(round + 1),
        perSecond(seconds),
        seconds.toFixed(1),
        `${postedSeconds.toFixed(1)} s`,
        ...[cpu?.worker, cpu?.temporal, cpu?.postgres].map(msEach),
      ]),
    ],
    words: [],
    notes: [
      'CPU is for each ingest. The API runs in the process of the bench.',
      ...noiseNote(part),
    ],
  }),
}

const perSecond = (seconds: number): string => (ingests / seconds).toFixed(1)
const msEach = (seconds?: number | null): string =>
  seconds == null ? '' : `${((seconds * 1000) / ingests).toFixed(0)} ms`
const tableOf = (id: string): string => id.replaceAll('-', '_')

/** @returns the seconds until the last one was taken in */
async function post(stack: Stack, url: string, ids: readonly string[]): Promise<number> {
  const startMs = performance.now()
  await atOnce(ids, async (id) => {
    const source = { kind: 'upload', uploads: [id] }
    const spec = { id, source, target: { table: tableOf(id) }, queue: 'burst' }
    await postIngest(url, spec)
  })
  const postedSeconds = (performance.now() - startMs) / 1000
  await untilEnded(stack, ids, startMs + limitMs)
  return postedSeconds
}

async function untilEnded({ db }: Stack, ids: readonly string[], untilMs: number): Promise<void> {
  for (;;) {
    const { rows } = await db.query(
      `select count(*) filter (where ended_at is not null) as ended,
              count(*) filter (where state = 'completed' and rows_loaded = 10) as good
       from sluice.ingests where ingest_id = any($1)`,
      [ids],
    )
    const [{ ended, good }] = rows
    if (ended === ids.length && good === ended) return
    if (ended === ids.length) throw new Error(`${ended - good} ingests ended otherwise`)
    if (performance.now() > untilMs) throw new Error(`only ${ended} ingests have ended`)
    await sleep(lookMs)
  }
}

async function atOnce(ids: readonly string[], work: (id: string) => Promise<void>): Promise<void> {
  const left = ids.values()
  const client = async () => {
    for (const id of left) await work(id)
  }
  await Promise.all(Array.from({ length: clients }, client))
}
