/**
 * The same rows from other places than the disk: from a table of another database, beside
 * `psql -c 'copy … to stdout' | psql -c 'copy … from stdin'`, and from a server that gives each connection
 * 50 MB a second, beside the file on the disk.
 */
import { stat } from 'node:fs/promises'
import { databaseUrl } from '../src/dev/postgres.ts'
import { run } from '../src/dev/process.ts'
import { openDb } from '../src/postgres/db.ts'
import type { SourceOptions } from '../src/sources/index.ts'
import { makeRows, type Sums, warm } from './data.ts'
import { megabytes, whole } from './grid.ts'
import { ingest, mustComplete } from './ingest.ts'
import { type BenchOptions, fullRows } from './options.ts'
import { servePaced } from './pacedServer.ts'
import { type Measure, noiseNote, noisiest, type Part, patiently, watched } from './part.ts'
import { copyCommand, findPsql, psqlEnv } from './psql.ts'
import type { Stack } from './stack.ts'
import { dropTable, makeTable, verify } from './tables.ts'
import { startWorker } from './worker.ts'

interface Brought {
  what: string
  seconds: number
  /** How long the one takes that it is compared with; null for that one itself. */
  beside: number | null
  peakRssBytes: number | null
  noise: number | null
}

export interface SourcesPart extends Part {
  concurrency: number
  rows: number
  sizeBytes: number
  brought: Brought[]
}

const table = 'bench_sources'
const sourceTable = 'bench_rows'
const sourceDatabase = 'bench_source'

export const sources: Measure<SourcesPart> = {
  async measure(stack, options, say) {
    const { rows, concurrency } = options
    const made = await makeRows(rows, say)
    await warm({ path: made.path, slices: [] })
    const { size: sizeBytes } = await stat(made.path)
    const file = { ...made, sizeBytes }
    const brought = [
      ...(await fromDatabase(stack, options, file, say)),
      ...(await fromServer(stack, options, file, say)),
    ]
    const measuredAt = new Date().toISOString()
    return { measuredAt, concurrency, rows, sizeBytes, brought, noise: noisiest(brought) }
  },
  isFull: ({ rows }) => rows >= fullRows,
  tell: (part) => ({
    title: `Sources: ${whole(part.rows)} rows, ${megabytes(part.sizeBytes)} as CSV, into a new table, ${part.concurrency} activities at once.`,
    cells: [
      ['from', 'seconds', 'rows/s', '× as fast', 'peak RSS'],
      ...part.brought.map(({ what, seconds, beside, peakRssBytes }) => [
        what,
        seconds.toFixed(2),
        whole(part.rows / seconds),
        beside === null ? '' : (beside / seconds).toFixed(2),
        peakRssBytes === null ? '' : megabytes(peakRssBytes),
      ]),
    ],
    words: [0],
    notes: noiseNote(part),
  }),
}

interface Rows {
  path: string
  sums: Sums
  sizeBytes: number
}

type Say = (line: string) => void

async function fromDatabase(
  stack: Stack,
  options: BenchOptions,
  { path, sums }: Rows,
  say: Say,
): Promise<Brought[]> {
  if (!(await findPsql())) {
    say('psql is not on the PATH, so reading a table of another database has nothing beside it.')
    return []
  }
  const url = databaseUrl(stack.databaseUrl, sourceDatabase)
  await stack.db.query(`create database ${sourceDatabase}`)
  const there = openDb(url, { max: 1, name: 'bench' })
  try {
    await makeTable(there, sourceTable)
    await psql(url, ['-c', copyCommand(sourceTable, path, true)])
    await there.query(`vacuum analyze ${sourceTable}`)
  } finally {
    await there.end()
  }
  const piped = await patiently(options.patienceSeconds, () => pipe(stack, options, { url, sums }))
  say(`sources ${piped.what} ${piped.seconds.toFixed(2)} s`)
  const env = { SLUICE_CONNECTION_BENCH: JSON.stringify({ kind: 'postgres', url }) }
  const source: SourceOptions = { kind: 'postgres', connection: 'bench', table: sourceTable }
  const own = await bring(stack, options, {
    what: 'a table of another database',
    source,
    env,
    sums,
  })
  say(`sources ${own.what} ${own.seconds.toFixed(2)} s`)
  await stack.db.query(`drop database ${sourceDatabase} with (force)`)
  return [piped, { ...own, beside: piped.seconds }]
}

/** One psql writes what another one reads. */
async function pipe(
  stack: Stack,
  { patienceSeconds }: BenchOptions,
  { url, sums }: { url: string; sums: Sums },
): Promise<Brought> {
  await dropTable(stack.db, table)
  await makeTable(stack.db, table)
  const script = [
    `PGDATABASE=${sourceDatabase} psql -X -q -v ON_ERROR_STOP=1 -c 'copy ${sourceTable} to stdout'`,
    `psql -X -q -v ON_ERROR_STOP=1 -c 'copy ${table} from stdin'`,
  ].join(' | ')
  const env = psqlEnv(stack.databaseUrl)
  const { seconds, noise } = await watched(
    stack,
    { workerPid: null, patienceSeconds },
    async () => {
      const { code, output } = await run('/bin/sh', ['-c', script], { env })
      if (code !== 0) throw new Error(`psql failed for ${url}: ${output.slice(-1000)}`)
    },
  )
  await verify(stack.db, table, sums)
  await dropTable(stack.db, table)
  return { what: 'psql | psql', seconds, beside: null, peakRssBytes: null, noise }
}

async function psql(url: string, args: string[]): Promise<void> {
  const { code, output } = await run('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', ...args], {
    env: psqlEnv(url),
  })
  if (code !== 0) throw new Error(`psql failed: ${output.slice(-1000)}`)
}

async function fromServer(
  stack: Stack,
  options: BenchOptions,
  { path, sums, sizeBytes }: Rows,
  say: Say,
): Promise<Brought[]> {
  const disk: SourceOptions = { kind: 'directory', path }
  const local = await bring(stack, options, { what: 'the disk', source: disk, sums })
  say(`sources ${local.what} ${local.seconds.toFixed(2)} s`)
  const server = await servePaced(path, { sizeBytes, bytesPerSecond: 50_000_000 })
  try {
    const remote = await bring(stack, options, {
      what: 'HTTP at 50 MB/s a connection',
      source: { kind: 'http', url: server.url },
      env: { SLUICE_ALLOW_PRIVATE_ADDRESSES: '127.0.0.0/8' },
      sums,
    })
    say(`sources ${remote.what} ${remote.seconds.toFixed(2)} s`)
    return [local, { ...remote, beside: local.seconds }]
  } finally {
    server.close()
  }
}

interface Bringing {
  what: string
  source: SourceOptions
  env?: NodeJS.ProcessEnv
  sums: Sums
}

const bring = (stack: Stack, options: BenchOptions, bringing: Bringing): Promise<Brought> =>
  patiently(options.patienceSeconds, () => bringOnce(stack, options, bringing))

async function bringOnce(
  stack: Stack,
  { concurrency, patienceSeconds }: BenchOptions,
  { what, source, env = {}, sums }: Bringing,
): Promise<Brought> {
  const ingestId = `sources-${source.kind}-${Date.now()}`
  const sourceRoots = '/'
  const own = { queue: ingestId, concurrency, sources: sourceRoots, profiles: null, env }
  const worker = await startWorker(stack, own)
  const watch = { workerPid: worker.pid, patienceSeconds }
  const { seconds, noise } = await watched(stack, watch, async () =>
    mustComplete(await ingest(stack, { ingestId, table, source })),
  )
  const peakRssBytes = await worker.peakRssBytes()
  await worker.stop()
  await verify(stack.db, table, sums)
  await dropTable(stack.db, table)
  return { what, seconds, beside: null, peakRssBytes, noise }
}
