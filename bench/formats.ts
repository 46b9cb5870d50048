/**
 * The same rows in each format: how fast they come into a new table beside CSV, and what they cost. The
 * files are made by DuckDB from the rows of the bench, the workbook by workbook.ts, Avro and fixed width by
 * columnFiles.ts; each is loaded by a worker of its own, in turn.
 */
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { FormatSpec } from '../src/spec/format.ts'
import { writeAvro, writeFixed } from './columnFiles.ts'
import { columns, makeRows, warm } from './data.ts'
import { megabytes, whole } from './grid.ts'
import { ingest, mustComplete } from './ingest.ts'
import { type BenchOptions, fullRows } from './options.ts'
import { type Measure, noiseNote, noisiest, type Part, patiently, watched } from './part.ts'
import type { Stack } from './stack.ts'
import { dropTable } from './tables.ts'
import { writeWorkbook } from './workbook.ts'
import { startWorker } from './worker.ts'

interface Loaded {
  format: string
  /** A sheet has fewer than the other files. */
  rows: number
  sizeBytes: number
  seconds: number
  rowsPerSecond: number
  peakRssBytes: number
  /** CPU seconds of the worker with its children, and of PostgreSQL; null where nobody can tell. */
  workerCpu: number | null
  postgresCpu: number | null
  noise: number | null
}

export interface FormatsPart extends Part {
  concurrency: number
  rows: number
  loaded: Loaded[]
}

/** How DuckDB writes each of them. */
const written = {
  ndjson: 'format json',
  json: 'format json, array true',
  parquet: 'format parquet',
}

const duckType: Record<string, string> = { numeric: 'double', jsonb: 'json', text: 'varchar' }

export const formats: Measure<FormatsPart> = {
  async measure(stack, options, say) {
    const { rows, concurrency, patienceSeconds } = options
    const { path: csv, sums } = await makeRows(rows, say)
    const folder = join(stack.folder, 'formats')
    await mkdir(folder)
    const made = await makeFiles(csv, folder)
    const files = [
      ...[{ format: 'csv', path: csv }, ...made].map((file) => ({ ...file, sums })),
      await makeSheet(folder),
    ]
    const loaded: Loaded[] = []
    for (const file of files) {
      const each = await patiently(patienceSeconds, () => load(stack, options, file))
      say(lineOf(each))
      loaded.push(each)
    }
    await rm(folder, { recursive: true })
    const measuredAt = new Date().toISOString()
    return { measuredAt, concurrency, rows, loaded, noise: noisiest(loaded) }
  },
  isFull: ({ rows }) => rows >= fullRows,
  tell(part) {
    const [csv] = part.loaded as [Loaded]
    return {
      title: `Formats: the same ${whole(part.rows)} rows into a new table, ${part.concurrency} activities at once.`,
      cells: [
        [
          'format',
          'rows',
          'file',
          'seconds',
          'rows/s',
          '× CSV',
          'CPU worker',
          'CPU PostgreSQL',
          'peak RSS',
        ],
        ...part.loaded.map((each) => [
          each.format,
          whole(each.rows),
          megabytes(each.sizeBytes),
          each.seconds.toFixed(2),
          whole(each.rowsPerSecond),
          (each.rowsPerSecond / csv.rowsPerSecond).toFixed(2),
          each.workerCpu?.toFixed(1) ?? '',
          each.postgresCpu?.toFixed(1) ?? '',
          megabytes(each.peakRssBytes),
        ]),
      ],
      words: [0],
      notes: noiseNote(part),
    }
  },
}

interface Made {
  format: string
  path: string
  spec?: FormatSpec
}

async function makeFiles(csv: string, folder: string): Promise<Made[]> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '2GB' })
  const db = await instance.connect()
  await db.run("set TimeZone = 'UTC'")
  const types = columns.map(([name, type]) => `'${name}': '${duckType[type] ?? type}'`).join(', ')
  const from = `read_csv('${csv}', header = true, columns = {${types}})`
  const made: Made[] = []
  for (const [format, options] of Object.entries(written)) {
    const path = join(folder, `rows.${format}`)
    await db.run(`copy (from ${from}) to '${path}' (${options})`)
    made.push({ format, path })
  }
  const avro = join(folder, 'rows.avro')
  await writeAvro(db, { from, path: avro })
  const fixed = join(folder, 'rows.txt')
  const widths = await writeFixed(db, { from, path: fixed })
  made.push({ format: 'avro', path: avro }, { format: 'fixed', path: fixed, spec: { widths } })
  db.closeSync()
  instance.closeSync()
  return made
}

/** Sheets of people have fewer rows; Excel itself takes 1,048,576. */
const sheetRowsMax = 200_000

async function makeSheet(folder: string) {
  const path = join(folder, 'rows.xlsx')
  const ndjson = join(folder, 'rows.ndjson')
  return {
    format: 'xlsx',
    path,
    sums: await writeWorkbook(path, { ndjson, rowsMax: sheetRowsMax }),
  }
}

async function load(
  stack: Stack,
  { concurrency, patienceSeconds }: BenchOptions,
  { format, path, spec, sums }: Made & { sums: { rows: number; ids: number } },
): Promise<Loaded> {
  const { db } = stack
  const ingestId = `formats-${format}-${Date.now()}`
  const table = 'bench_formats'
  await warm({ path, slices: [] })
  const sources = join(path, '..')
  const worker = await startWorker(stack, { queue: ingestId, concurrency, sources, profiles: null })
  const watch = { workerPid: worker.pid, patienceSeconds }
  const { seconds, noise, cpu } = await watched(stack, watch, async () =>
    mustComplete(await ingest(stack, { ingestId, table, path, ...(spec && { format: spec }) })),
  )
  const peakRssBytes = await worker.peakRssBytes()
  await worker.stop()
  const { rows: found } = await db.query(
    `select count(*)::int as rows, sum(id)::float8 as ids from ${table}`,
  )
  if (found[0].rows !== sums.rows || found[0].ids !== sums.ids) {
    throw new Error(`${format}: ${JSON.stringify(found[0])} in place of ${JSON.stringify(sums)}`)
  }
  await dropTable(db, table)
  return {
    format,
    rows: sums.rows,
    sizeBytes: (await stat(path)).size,
    seconds,
    rowsPerSecond: sums.rows / seconds,
    peakRssBytes,
    workerCpu: cpu?.worker ?? null,
    postgresCpu: cpu?.postgres ?? null,
    noise,
  }
}

const lineOf = ({ format, sizeBytes, seconds, rowsPerSecond, peakRssBytes }: Loaded): string =>
  `formats ${format} ${megabytes(sizeBytes)} in ${seconds.toFixed(2)} s, ` +
  `${whole(rowsPerSecond)} rows/s, worker ${megabytes(peakRssBytes)}`
