/**
 * Many small files: how many a second, and does anything grow with them? The worker's memory, and
 * the history of each run of the workflow, which continues as a new one when it has grown.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import { megabytes, whole } from './grid.ts'
import { chainOf, ingest, mustComplete } from './ingest.ts'
import { type BenchOptions, full } from './options.ts'
import { type Measure, noiseNote, type Part, patiently, type Say, watched } from './part.ts'
import type { Stack } from './stack.ts'
import { dropTable } from './tables.ts'
import { startWorker } from './worker.ts'

export interface FilesPart extends Part {
  concurrency: number
  files: number
  fileBytes: number
  rows: number
  seconds: number
  filesPerSecond: number
  peakRssBytes: number
  /** How often its workflow continued as a new run, and one. */
  runs: number
  /** Of the run with the longest history. */
  eventsMax: number
}

const folders = 10
const rowsEach = 16
/** Ids of one width, so that they can be written over those of the file before. */
const firstId = 10_000_000
const header = 'id,name,note\n'
const noteLength = 47
const rowOf = (id: number): string => `${id},row ${id % 10},${'n'.repeat(noteLength)}\n`

export const files: Measure<FilesPart> = {
  measure: (stack, options, say) =>
    patiently(options.patienceSeconds, () => measureOnce(stack, options, say)),
  isFull: (part) => part.files >= full.files,
  tell: (part) => ({
    title: `Many files: ${whole(part.files)} of ${part.fileBytes} bytes into one new table.`,
    cells: [
      ['seconds', 'files/s', 'rows', 'peak RSS', 'runs of the workflow', 'most events of a run'],
      [
        part.seconds.toFixed(2),
        whole(part.filesPerSecond),
        whole(part.rows),
        megabytes(part.peakRssBytes),
        String(part.runs),
        whole(part.eventsMax),
      ],
    ],
    words: [],
    notes: noiseNote(part),
  }),
}

async function measureOnce(
  stack: Stack,
  { files: count, concurrency, patienceSeconds }: BenchOptions,
  say: Say,
): Promise<FilesPart> {
  const { db, client, folder } = stack
  const root = join(folder, 'files')
  const fileBytes = await makeFiles(root, count)
  say(`files   made ${whole(count)} of ${fileBytes} bytes`)
  const ingestId = `files-${count}-${Date.now()}`
  const table = 'bench_files'
  const queue = ingestId
  const worker = await startWorker(stack, { queue, concurrency, sources: root, profiles: null })
  const watch = { workerPid: worker.pid, patienceSeconds }
  const { seconds, noise } = await watched(stack, watch, async () =>
    mustComplete(await ingest(stack, { ingestId, table, path: join(root, '*/*.csv') })),
  )
  const peakRssBytes = await worker.peakRssBytes()
  await worker.stop()
  const chain = await chainOf(client, ingestId)
  const { rows: found } = await db.query(
    `select count(*) as rows, count(distinct id) as ids, min(id) as first, max(id) as last
     from ${table}`,
  )
  const rows = count * rowsEach
  const wanted = { rows, ids: rows, first: firstId, last: firstId + rows - 1 }
  if (JSON.stringify(found[0]) !== JSON.stringify(wanted)) {
    throw new Error(`${table} has ${JSON.stringify(found[0])}, not ${JSON.stringify(wanted)}.`)
  }
  await dropTable(db, table)
  await rm(root, { recursive: true })
  const filesPerSecond = count / seconds
  say(`files   ${whole(count)} in ${seconds.toFixed(2)} s: ${whole(filesPerSecond)}/s`)
  return {
    measuredAt: new Date().toISOString(),
    concurrency,
    files: count,
    fileBytes,
    rows,
    seconds,
    filesPerSecond,
    peakRssBytes,
    ...chain,
    noise,
  }
}

/** One buffer, with other ids each time: a hundred thousand files take a few seconds. */
async function makeFiles(root: string, count: number): Promise<number> {
  const rows = Array.from({ length: rowsEach }, (_, index) => rowOf(firstId + index)).join('')
  const bytes = Buffer.from(header + rows)
  const rowBytes = (bytes.length - header.length) / rowsEach
  for (let no = 0; no < folders; no++) mkdirSync(join(root, String(no)), { recursive: true })
  for (let no = 0; no < count; no++) {
    for (let row = 0; row < rowsEach; row++) {
      bytes.write(String(firstId + no * rowsEach + row), header.length + row * rowBytes, 'latin1')
    }
    writeFileSync(join(root, String(no % folders), `${no}.csv`), bytes)
    // A Ctrl-C gets its turn.
    if (no % 1000 === 0) await breathe()
  }
  return bytes.length
}
