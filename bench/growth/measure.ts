/**
 * Does it get faster with more? The same rows, by one worker with more and more at once, then by
 * more and more workers.
 */
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import { makeRows, type Rows, warm } from '../data.ts'
import { megabytes, whole } from '../grid.ts'
import { ingest, mustComplete } from '../ingest.ts'
import { type BenchOptions, fullRows } from '../options.ts'
import { type Measure, noiseNote, noisiest, type Part, patiently, watched } from '../part.ts'
import type { Stack } from '../stack.ts'
import { median } from '../statistics.ts'
import { dropTable, verify } from '../tables.ts'
import { startWorker } from '../worker.ts'

interface Stand {
  workers: number
  /** Activities at once in each of them. */
  concurrency: number
}

interface Turn extends Stand {
  round: number
  seconds: number
  /** The highest of its workers. */
  peakRssBytes: number
  /** How many of its workers loaded a unit. */
  workersSeen: number
  noise: number | null
}

export interface Grown extends Stand {
  secondsMedian: number
  rowsPerSecond: number
  peakRssBytes: number
}

export interface GrowthPart extends Part {
  cores: number
  rows: number
  sizeBytes: number
  rounds: number
  byConcurrency: Grown[]
  byWorkers: Grown[]
  turns: Turn[]
}

const byConcurrency: Stand[] = [1, 2, 4].map((concurrency) => ({ workers: 1, concurrency }))
const byWorkers: Stand[] = [1, 2, 3].map((workers) => ({ workers, concurrency: 2 }))
const same = (a: Stand, b: Stand): boolean =>
  a.workers === b.workers && a.concurrency === b.concurrency
/** One worker with two at once stands in both rows, and is measured once. */
const stands = [
  ...byConcurrency,
  ...byWorkers.filter((stand) => !byConcurrency.some((each) => same(each, stand))),
]

export const growth: Measure<GrowthPart> = {
  async measure(stack, options, say) {
    const rows = await makeRows(options.rows, say)
    await warm(rows)
    const turns: Turn[] = []
    const take = async (stand: Stand, round: number) => {
      const turn = await patiently(options.patienceSeconds, () =>
        takeTurn(stack, { options, rows, stand, round }),
      )
      const { workers, concurrency, seconds } = turn
      const noise = turn.noise === null ? '' : `, others took ${(100 * turn.noise).toFixed(0)} %`
      const who = `${round}  ${workers} workers × ${concurrency}`
      say(`growth  ${who}: ${seconds.toFixed(2)} s${noise}${round === 0 ? ', not counted' : ''}`)
      if (round > 0) turns.push(turn)
    }
    // A new server makes and zeroes the files of its log first.
    await take(stands[0] as Stand, 0)
    for (let round = 1; round <= options.pairs; round++) {
      for (const stand of stands) await take(stand, round)
    }
    const grown = (stand: Stand) => grownOf(stand, turns, rows.sums.rows)
    return {
      measuredAt: new Date().toISOString(),
      cores: availableParallelism(),
      rows: rows.sums.rows,
      sizeBytes: rows.sizeBytes,
      rounds: options.pairs,
      byConcurrency: byConcurrency.map(grown),
      byWorkers: byWorkers.map(grown),
      turns,
      noise: noisiest(turns),
    }
  },
  isFull: ({ rows }) => rows >= fullRows,
  tell(part) {
    const one = part.byConcurrency[0] as Grown
    const cells = ({ workers, concurrency, secondsMedian, rowsPerSecond, peakRssBytes }: Grown) => [
      String(workers),
      String(concurrency),
      secondsMedian.toFixed(2),
      whole(rowsPerSecond),
      (rowsPerSecond / one.rowsPerSecond).toFixed(2),
      megabytes(peakRssBytes),
    ]
    const others = part.byWorkers.filter(({ workers }) => workers > 1)
    return {
      title:
        `Growth: ${(part.rows / 1e6).toFixed(1)} M rows, ${megabytes(part.sizeBytes)}, into a ` +
        `new table; medians of ${part.rounds} rounds. PostgreSQL, Temporal and all workers ` +
        `share ${part.cores} cores.`,
      cells: [
        [
          'workers',
          'at once in each',
          'seconds',
          'rows/s',
          '× one at once',
          'peak RSS of a worker',
        ],
        ...[...part.byConcurrency, ...others].map(cells),
      ],
      words: [],
      notes: noiseNote(part),
    }
  },
}

interface TurnOptions {
  options: BenchOptions
  rows: Rows
  stand: Stand
  round: number
}

async function takeTurn(stack: Stack, { options, rows, stand, round }: TurnOptions): Promise<Turn> {
  const { workers: count, concurrency } = stand
  const { db } = stack
  const ingestId = `growth-${count}-${concurrency}-${Date.now()}`
  const table = 'bench_growth'
  const sources = dirname(rows.path)
  const starts = Array.from({ length: count }, (_, index) =>
    startWorker(stack, {
      queue: ingestId,
      concurrency,
      sources,
      profiles: null,
      name: `${ingestId}-${index + 1}`,
    }),
  )
  const workers = await Promise.all(starts)
  const watch = { workerPid: null, patienceSeconds: options.patienceSeconds }
  const { seconds, noise } = await watched(stack, watch, async () =>
    mustComplete(await ingest(stack, { ingestId, table, path: rows.path })),
  )
  const peaks = await Promise.all(workers.map((worker) => worker.peakRssBytes()))
  await Promise.all(workers.map((worker) => worker.stop()))
  const { rows: seen } = await db.query(
    'select count(distinct worker) as workers from sluice.units where ingest_id = $1',
    [ingestId],
  )
  await verify(db, table, rows.sums)
  await dropTable(db, table)
  const peakRssBytes = Math.max(...peaks)
  return { ...stand, round, seconds, peakRssBytes, workersSeen: seen[0].workers, noise }
}

function grownOf(stand: Stand, turns: Turn[], rows: number): Grown {
  const own = turns.filter((turn) => same(turn, stand))
  const secondsMedian = median(own.map(({ seconds }) => seconds))
  return {
    ...stand,
    secondsMedian,
    rowsPerSecond: Math.round(rows / secondsMedian),
    peakRssBytes: Math.max(...own.map(({ peakRssBytes }) => peakRssBytes)),
  }
}
