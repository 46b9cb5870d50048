/**
 * Does memory grow with the file? One of 100 MB and one of 5 GB, each by a worker of its own: the
 * most that it ever held, and how fast it was.
 */
import { rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { warm, writeRows } from './data.ts'
import { megabytes, whole } from './grid.ts'
import { ingest, mustComplete } from './ingest.ts'
import { type BenchOptions, full } from './options.ts'
import {
  type Measure,
  noiseNote,
  noisiest,
  type Part,
  patiently,
  type Say,
  watched,
} from './part.ts'
import type { Stack } from './stack.ts'
import { dropTable, verify } from './tables.ts'
import { startWorker } from './worker.ts'

interface Sized {
  sizeBytes: number
  rows: number
  seconds: number
  peakRssBytes: number
  noise: number | null
}

export interface SizePart extends Part {
  concurrency: number
  /** Less where the disk had no room for it. */
  askedBytes: number
  small: Sized
  large: Sized
}

const smallBytes = 100e6
/** The file, and its rows in the table, for each byte of the file. */
const diskPerByte = 2.6
/** What the server keeps of its log at most, and some air. */
const diskBesides = 7e9

export const size: Measure<SizePart> = {
  async measure(stack, options, say) {
    const askedBytes = options.sizeGb * 1e9
    const largeBytes = await withinDisk(stack.folder, askedBytes, say)
    const take = (bytes: number) =>
      patiently(options.patienceSeconds, () => load(stack, options, bytes))
    const small = await take(Math.min(smallBytes, largeBytes))
    say(lineOf(small))
    const large = await take(largeBytes)
    say(lineOf(large))
    return {
      measuredAt: new Date().toISOString(),
      concurrency: options.concurrency,
      askedBytes,
      small,
      large,
      noise: noisiest([small, large]),
    }
  },
  isFull: ({ large }) => large.sizeBytes >= full.sizeGb * 1e9,
  tell(part) {
    const { small, large, concurrency } = part
    const times = (large.peakRssBytes / small.peakRssBytes).toFixed(2)
    return {
      title:
        `Memory: two files, each by a worker of its own, ${concurrency} activities at once. ` +
        `The large one is ${(large.sizeBytes / small.sizeBytes).toFixed(0)} times as long ` +
        `and takes ${times} times the memory.`,
      cells: [
        ['file', 'rows', 'seconds', 'MB/s', 'peak RSS'],
        ...[small, large].map((each) => [
          megabytes(each.sizeBytes),
          whole(each.rows),
          each.seconds.toFixed(2),
          whole(each.sizeBytes / 1e6 / each.seconds),
          megabytes(each.peakRssBytes),
        ]),
      ],
      words: [],
      notes: noiseNote(part),
    }
  },
}

/** Asks for less where the file, its table and the server's log have no room. */
async function withinDisk(folder: string, askedBytes: number, say: Say): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  const roomBytes = bavail * bsize - diskBesides
  if (askedBytes * diskPerByte <= roomBytes) return askedBytes
  const takenBytes = Math.floor(roomBytes / diskPerByte)
  if (takenBytes < smallBytes) {
    const needed = (askedBytes * diskPerByte + diskBesides) / 1e9
    throw new Error(`size needs ${needed.toFixed(1)} GB in ${folder}: free some, or set TMPDIR.`)
  }
  say(`size: the disk has room for a file of ${megabytes(takenBytes)} only`)
  return takenBytes
}

async function load(
  stack: Stack,
  { concurrency, patienceSeconds }: BenchOptions,
  bytesMin: number,
): Promise<Sized> {
  const { db, folder } = stack
  const ingestId = `size-${bytesMin}-${Date.now()}`
  const table = 'bench_size'
  const path = join(folder, `${ingestId}.csv`)
  const { sizeBytes, sums } = await writeRows(path, bytesMin)
  await warm({ path, slices: [] })
  const worker = await startWorker(stack, {
    queue: ingestId,
    concurrency,
    sources: folder,
    profiles: null,
  })
  const watch = { workerPid: worker.pid, patienceSeconds }
  const { seconds, noise } = await watched(stack, watch, async () =>
    mustComplete(await ingest(stack, { ingestId, table, path })),
  )
  const peakRssBytes = await worker.peakRssBytes()
  await worker.stop()
  await rm(path)
  await verify(db, table, sums)
  await dropTable(db, table)
  return { sizeBytes, rows: sums.rows, seconds, peakRssBytes, noise }
}

const lineOf = ({ sizeBytes, seconds, peakRssBytes }: Sized): string =>
  `size    ${megabytes(sizeBytes)} in ${seconds.toFixed(2)} s, worker ${megabytes(peakRssBytes)}`
