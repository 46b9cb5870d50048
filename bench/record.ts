/**
 * A record far too long, between good rows: what becomes of the good ones, of the record, and of
 * the worker's memory? In three forms, for a CSV reader takes them for different things.
 */
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { megabytes, whole } from './grid.ts'
import { ingest, type Order } from './ingest.ts'
import { type BenchOptions, full } from './options.ts'
import { type Measure, noiseNote, noisiest, type Part, patiently, watched } from './part.ts'
import type { Stack } from './stack.ts'
import { dropTable } from './tables.ts'
import { type BenchWorker, startWorker } from './worker.ts'

/** `text` is between the opening and the closing of the long field, again and again. */
const forms = {
  line: { label: 'one line, without quotes', quote: '', text: 'x'.repeat(100) },
  quoted: { label: 'one quoted field on one line', quote: '"', text: 'x'.repeat(100) },
  lines: { label: 'one quoted field of many lines', quote: '"', text: `${'x'.repeat(99)}\n` },
} as const
type Form = keyof typeof forms

interface Recorded {
  form: Form
  /** How the ingest ended; `worker died` when it had none any more. */
  outcome: string
  /** The good rows that are in the table, and those that were in the file. */
  rowsGood: number
  rowsExpected: number
  /** Bad rows in the table: pieces of the record that were taken for rows. */
  rowsBad: number
  rejects: number
  /** By code. */
  rejectCodes: Record<string, number>
  seconds: number
  peakRssBytes: number | null
  noise: number | null
}

export interface RecordPart extends Part {
  concurrency: number
  recordBytes: number
  lines: Recorded[]
}

const goodBefore = 100_000
const goodAfter = 100_000
const limitMs = 20 * 60 * 1000
const endWaitMs = 60_000

export const record: Measure<RecordPart> = {
  async measure(stack, options, say) {
    const recordBytes = options.recordMb * 1e6
    const lines: Recorded[] = []
    for (const form of Object.keys(forms) as Form[]) {
      const taken = await patiently(options.patienceSeconds, () => take(stack, options, form))
      const { outcome, rejects, seconds, peakRssBytes } = taken
      const short = `${outcome}, ${whole(rejects)} rejects in ${seconds.toFixed(2)} s`
      say(`record  ${forms[form].label}: ${short}, worker ${megabytes(peakRssBytes)}`)
      lines.push(taken)
    }
    const { concurrency } = options
    const measuredAt = new Date().toISOString()
    return { measuredAt, concurrency, recordBytes, lines, noise: noisiest(lines) }
  },
  isFull: ({ recordBytes }) => recordBytes >= full.recordMb * 1e6,
  tell: (part) => ({
    title:
      `One record of ${megabytes(part.recordBytes)} between ` +
      `${whole(goodBefore + goodAfter)} good rows.`,
    cells: [
      ['the record', 'outcome', 'good rows in', 'bad rows in', 'rejects', 'seconds', 'peak RSS'],
      ...part.lines.map((line) => [
        forms[line.form].label,
        line.outcome,
        `${whole(line.rowsGood)} of ${whole(line.rowsExpected)}`,
        whole(line.rowsBad),
        Object.entries(line.rejectCodes)
          .map(([code, count]) => `${whole(count)} ${code}`)
          .join(', '),
        line.seconds.toFixed(2),
        megabytes(line.peakRssBytes),
      ]),
    ],
    words: [0, 1],
    notes: noiseNote(part),
  }),
}

async function take(
  stack: Stack,
  { concurrency, patienceSeconds, recordMb }: BenchOptions,
  form: Form,
): Promise<Recorded> {
  const { db, folder } = stack
  const ingestId = `record-${form}-${Date.now()}`
  const table = `bench_record_${form}`
  const path = join(folder, `${ingestId}.csv`)
  await writeFile(path, form, recordMb * 1e6)
  const worker = await startWorker(stack, {
    queue: ingestId,
    concurrency,
    sources: folder,
    profiles: null,
    mayEnd: true,
  })
  const watch = { workerPid: worker.pid, patienceSeconds }
  const { value, seconds, noise } = await watched(stack, watch, () =>
    outcomeOf(stack, worker, { ingestId, table, path }),
  )
  const peakRssBytes = await worker.peakRssBytes().catch(() => null)
  await worker.stop()
  const rejectCodes = await countRejects(stack, ingestId)
  const rejects = Object.values(rejectCodes).reduce((sum, count) => sum + count, 0)
  const rows = await countRows(stack, table)
  await dropTable(db, table)
  await rm(path)
  const rowsExpected = goodBefore + goodAfter
  const counts = { ...rows, rowsExpected, rejects, rejectCodes }
  return { form, outcome: value, ...counts, seconds, peakRssBytes, noise }
}

/** An ingest that does not end, or has no worker any more, is called off. */
async function outcomeOf(stack: Stack, worker: BenchWorker, order: Order): Promise<string> {
  let isOver = false
  const ended = ingest(stack, order).then(({ state, error }) => {
    isOver = true
    return error ? `${state}: ${error.code}` : state
  })
  ended.catch(() => {})
  const stop = new AbortController()
  const died = worker.exited.then(() => 'worker died')
  const late = sleep(limitMs, `not over after ${limitMs / 60_000} min`, { signal: stop.signal })
  late.catch(() => {})
  const outcome = await Promise.race([ended, died, late])
  stop.abort()
  if (!isOver) {
    const handle = stack.client.workflow.getHandle(order.ingestId)
    if (worker.isRunning()) {
      await handle.cancel()
      await Promise.race([ended, died, sleep(endWaitMs)])
    }
    if (!isOver) await handle.terminate()
  }
  return outcome
}

const row = (id: number): string => `${id},good row ${id},${id % 100}\n`

/** Good rows, the record, good rows; the long field stands where theirs have a text. */
async function writeFile(path: string, form: Form, recordBytes: number): Promise<void> {
  const { quote, text } = forms[form]
  const file = await open(path, 'w')
  try {
    await file.writeFile('id,name,number\n')
    await writeGood(file, 0, goodBefore)
    await file.writeFile(`-1,${quote}`)
    const piece = Buffer.from(text.repeat(10_000))
    for (let left = recordBytes; left > 0; left -= piece.length) {
      await file.writeFile(piece.subarray(0, left))
    }
    await file.writeFile(`${quote},1\n`)
    await writeGood(file, goodBefore, goodBefore + goodAfter)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function writeGood(file: FileHandle, from: number, to: number): Promise<void> {
  let text = ''
  for (let id = from; id < to; id++) text += row(id)
  await file.writeFile(text)
}

async function countRejects({ db }: Stack, ingestId: string): Promise<Record<string, number>> {
  const { rows } = await db.query(
    `select code, count(*) as rejects from sluice.rejects where ingest_id = $1
     group by 1 order by 2 desc`,
    [ingestId],
  )
  return Object.fromEntries(rows.map(({ code, rejects }) => [code, rejects]))
}

/** A good row is there once, with its own text. Columns may have been widened to text. */
async function countRows(
  { db }: Stack,
  table: string,
): Promise<Pick<Recorded, 'rowsGood' | 'rowsBad'>> {
  const { rows: there } = await db.query('select to_regclass($1) is not null as is', [table])
  if (!there[0].is) return { rowsGood: 0, rowsBad: 0 }
  const { rows } = await db.query(
    `select count(distinct id) filter (where good) as good,
            count(*) - count(distinct id) filter (where good) as bad
     from (select id, case when id::text ~ '^\\d{1,9}$'
                           then name = 'good row ' || id
                                and number::text = (id::text::integer % 100)::text
                      end as good
           from ${table}) rows`,
  )
  return { rowsGood: rows[0].good, rowsBad: rows[0].bad }
}
