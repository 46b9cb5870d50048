/** Where one cell plays: a database, a stage, a queue and workers of its own. */
import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Closing } from '../bench/closing.ts'
import { databaseUrl } from '../src/dev/postgres.ts'
import { parseTableName, showTable } from '../src/domain/table.ts'
import { type Db, openDb } from '../src/postgres/db.ts'
import { enterIngest } from '../src/postgres/ledger/ingests.ts'
import { type IngestView, viewIngest } from '../src/postgres/ledger/views.ts'
import { migrate } from '../src/postgres/migrate.ts'
import { fullSpec, type IngestSpec } from '../src/spec/spec.ts'
import { startIngest } from '../src/temporal/ingests.ts'
import type { SmallDisk } from './disk.ts'
import type { Ground } from './ground.ts'
import { openProxy, type Proxy } from './proxy.ts'
import { until } from './until.ts'
import { type ChaosWorker, startWorker, untilReady } from './worker.ts'

/** As in workflows/options.ts: the matrix shows what a fault costs an ingest of anybody. */
export const heartbeatMs = 15_000

export interface Scene {
  ground: Ground
  db: Db
  /** Straight to the server; workers come through the proxy. */
  url: string
  proxy: Proxy
  /** For its files. */
  folder: string
  stageDir: string
  /** Every one that was ever started, in order. */
  workers: ChaosWorker[]
  startWorker(concurrency?: number): Promise<ChaosWorker>
  /** Each verb is an activity, unless it is to be one for all of them. */
  start(spec: IngestSpec, options?: { isSmall: boolean }): Promise<string>
  /** Waits until the ledger and Temporal say that it has ended. */
  ended(ingestId: string): Promise<IngestView>
  close(): Promise<void>
}

export interface SceneOptions {
  /** Its workers know the step of chaos/app.ts. */
  hasSteps?: boolean
  disk?: SmallDisk | null
}

const endWaitMs = 240_000

export async function openScene(
  ground: Ground,
  name: string,
  { hasSteps = false, disk = null }: SceneOptions = {},
): Promise<Scene> {
  const closing = new Closing()
  ground.closing.add(() => closing.close())
  const queue = `chaos_${name}_${randomBytes(4).toString('hex')}`.replaceAll(/\W/g, '_')
  const folder = join(ground.folder, queue)
  await mkdir(folder, { recursive: true })
  closing.add(() => rm(folder, { recursive: true, force: true }))
  if (disk) closing.add(() => disk.close())
  await makeDatabase(ground, queue)
  closing.add(() => dropDatabase(ground, queue))
  const url = databaseUrl(ground.databaseUrl, queue)
  const db = openDb(url, { max: 3, name: 'chaos' })
  closing.add(() => db.end())
  await migrate(db)
  const proxy = await openProxy(url)
  closing.add(() => proxy.close())

  const workers: ChaosWorker[] = []
  const stageDir = disk?.path ?? join(folder, 'stage')
  const env = {
    DATABASE_URL: proxy.url(url),
    TEMPORAL_ADDRESS: ground.temporalAddress,
    TEMPORAL_NAMESPACE: 'default',
    SLUICE_HOME: folder,
    SLUICE_STAGE: stageDir,
    SLUICE_SOURCE_ROOTS: ground.folder,
    SLUICE_LOG_FORMAT: 'pretty',
    // Its pass would leave its mark in the stage.
    SLUICE_JANITOR: '0',
  }
  return {
    ground,
    db,
    url,
    proxy,
    folder,
    stageDir,
    workers,
    async startWorker(concurrency = 2) {
      const log = join(folder, `worker-${workers.length}.log`)
      const through = disk?.through ?? []
      const order = { queue, concurrency, hasSteps, log, through, env }
      const worker = await closing.addStarting(startWorker(order), (it) => it.kill())
      workers.push(worker)
      await untilReady(worker)
      return worker
    },
    start: (spec, { isSmall = false } = { isSmall: false }) =>
      enter(ground, db, { spec: { queue, ...spec }, isSmall }),
    ended: (ingestId) => ended(ground, db, ingestId),
    close: () => closing.close(),
  }
}

async function enter(
  { client }: Ground,
  db: Db,
  { spec, isSmall }: { spec: IngestSpec; isSmall: boolean },
): Promise<string> {
  const ingestId = spec.id ?? `${spec.queue}_${randomBytes(4).toString('hex')}`
  const target = spec.target ? showTable(parseTableName(spec.target.table)) : null
  const ingest = { ingestId, spec: fullSpec(spec), target }
  await enterIngest(db, ingest)
  await startIngest(client, { ...ingest, attributes: true, ...(!isSmall && { smallBytesMax: 0 }) })
  return ingestId
}

async function ended({ client }: Ground, db: Db, ingestId: string): Promise<IngestView> {
  let view: IngestView | null = null
  const isOver = async () => {
    view = await viewIngest(db, ingestId)
    return view.endedAt !== null
  }
  const told = async () => JSON.stringify(view)
  await until(isOver, { what: `the end of ${ingestId}`, timeoutMs: endWaitMs, told })
  // The sweep removes staged files after its transaction.
  const isClosed = async () => {
    const { status } = await client.workflow.getHandle(ingestId).describe()
    return status.name !== 'RUNNING'
  }
  await until(isClosed, { what: `the end of the workflow ${ingestId}`, timeoutMs: endWaitMs })
  return view as unknown as IngestView
}

async function makeDatabase(ground: Ground, name: string): Promise<void> {
  await asAdmin(ground, `create database ${name}`)
}

async function dropDatabase(ground: Ground, name: string): Promise<void> {
  await asAdmin(ground, `drop database if exists ${name} with (force)`)
}

async function asAdmin(ground: Ground, sql: string): Promise<void> {
  const admin = openDb(ground.databaseUrl, { max: 1, name: 'chaos admin' })
  await admin.query(sql).finally(() => admin.end())
}
