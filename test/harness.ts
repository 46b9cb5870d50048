/** `build()`: a fresh database, stage, queue and client for one test file, torn down by itself. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Client } from '@temporalio/client'
import { afterAll, inject } from 'vitest'
import { databaseUrl } from '../src/dev/postgres.ts'
import { showTables } from '../src/domain/severalTargets.ts'
import { parseTableName, showTable } from '../src/domain/table.ts'
import type { LimitsByVerb } from '../src/domain/timeLimits.ts'
import { type Db, openDb } from '../src/postgres/db.ts'
import { enterIngest } from '../src/postgres/ledger/ingests.ts'
import { listRejects, type RejectView } from '../src/postgres/ledger/rejects.ts'
import { type IngestView, viewIngest } from '../src/postgres/ledger/views.ts'
import { migrate } from '../src/postgres/migrate.ts'
import { fullSpec, type IngestSpec } from '../src/spec/spec.ts'
import { localStage } from '../src/stage/local.ts'
import type { Stage } from '../src/stage/stage.ts'
import { connectTemporal } from '../src/temporal/connect.ts'
import { type Steer, startIngest, steerIngest } from '../src/temporal/ingests.ts'

export interface Harness {
  db: Db
  databaseUrl: string
  temporalAddress: string
  client: Client
  stage: Stage
  /** A folder for the test's own files. */
  folder: string
  queue: string
  /** Writes a file into the folder. */
  file(name: string, content: string | Buffer): Promise<string>
  startWorker(options?: WorkerProcessOptions): Promise<WorkerProcess>
  /** Kills the workers that were started so far, and waits for their end. */
  killWorkers(): Promise<void>
  /** Starts an ingest; the queue is this file's. */
  start(spec: IngestSpec, options?: StartOptions): Promise<string>
  /** Waits until the ledger says that it has ended. */
  ended(ingestId: string, timeoutMs?: number): Promise<IngestView>
  /** Waits until the stage has nothing of it: the ledger says that it has ended before that. */
  cleared(ingestId: string): Promise<void>
  /** Both. */
  ingest(spec: IngestSpec): Promise<IngestView>
  steer(ingestId: string, steer: Steer): Promise<boolean>
  rejects(ingestId: string): Promise<RejectView[]>
}

export interface StartOptions {
  historyEventsMax?: number
  heartbeatMs?: number
  limits?: LimitsByVerb
  smallBytesMax?: number
  stepFilesMax?: number
  lotBytesMax?: number
}

/** Gives an ingest an activity for each verb, however small it is. */
export const eachVerb = { smallBytesMax: 0 }

export interface WorkerProcessOptions {
  concurrency?: number
  queue?: string
  /** The TypeScript that is run in place of bin/sluice.js. */
  entry?: string
  /** More of its command line. */
  args?: string[]
  env?: NodeJS.ProcessEnv
}

export interface WorkerProcess {
  child: ChildProcess
  pid: number
  /** All that it printed. */
  output(): string
  kill(signal: NodeJS.Signals): void
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** A stage of its own kind, and what workers find it by. */
export interface TestStage {
  stage: Stage
  env: NodeJS.ProcessEnv
}

export interface BuildOptions {
  /** Servers other than the shared ones. */
  databaseUrl?: string
  temporalAddress?: string
  /** A folder if absent. */
  stage?: TestStage
  /** What all specs of the file have, unless they say otherwise. */
  spec?: Pick<IngestSpec, 'rejects'>
  /** How all ingests of the file are started, unless they say otherwise. */
  start?: StartOptions
  /** Takes what tears it down. Within a test this must be its `onTestFinished`. */
  onEnd?: (tearDown: () => Promise<void>) => void
}

/** For files whose rows are mostly rejects: without it their ingests would fail. */
export const anyRejects = { spec: { rejects: { max: '100%' } } }

/** For an ingest whose workers are killed: nobody waits half a minute until that is noticed. */
export const noticedSoon = { heartbeatMs: 3000 }

/** A database of its own on the shared server, or on the given one. */
export async function build(servers: BuildOptions = {}): Promise<Harness> {
  const { onEnd = afterAll } = servers
  const name = `t_${randomBytes(6).toString('hex')}`
  const isShared = servers.databaseUrl === undefined
  const adminUrl = servers.databaseUrl ?? inject('databaseUrl')
  const temporalAddress = servers.temporalAddress ?? inject('temporalAddress')
  const admin = openDb(adminUrl, { max: 1, name: 'test admin' })
  const template = isShared ? ` template ${inject('template')}` : ''
  await admin.query(`create database ${name}${template}`)
  const url = databaseUrl(adminUrl, name)
  const db = openDb(url, { max: 5, name: 'test' })
  if (!isShared) await migrate(db)
  // A ledger's own name came along from the template: see readLedgerId.
  else
    await db.query(`update sluice.settings set value = to_jsonb(gen_random_uuid()::text)
                       where name = 'ledger'`)
  const client = await connectTemporal({ address: temporalAddress, namespace: 'default' })
  const folder = await mkdtemp(join(tmpdir(), 'sluice-'))
  const stageDir = join(folder, '.stage')
  const workers: WorkerProcess[] = []
  const queue = name

  onEnd(async () => {
    await built.killWorkers()
    await client.connection.close()
    await db.end()
    await admin.query(`drop database ${name} with (force)`).catch(() => {})
    await admin.end()
    await rm(folder, { recursive: true, force: true })
  })

  const stage = servers.stage?.stage ?? localStage(stageDir)
  const built: Harness = {
    db,
    databaseUrl: url,
    temporalAddress,
    client,
    stage,
    folder,
    queue,
    async file(fileName, content) {
      const path = join(folder, fileName)
      await writeFile(path, content)
      return path
    },
    async startWorker(options = {}) {
      const worker = startWorkerProcess({
        queue,
        ...options,
        env: {
          DATABASE_URL: url,
          TEMPORAL_ADDRESS: temporalAddress,
          SLUICE_STAGE: stageDir,
          SLUICE_SOURCE_ROOTS: folder,
          SLUICE_JANITOR: '0',
          ...servers.stage?.env,
          ...options.env,
        },
      })
      workers.push(worker)
      await until(() => worker.output().includes('worker ready'), { what: 'the worker', worker })
      return worker
    },
    async killWorkers() {
      const all = workers.splice(0)
      for (const worker of all) worker.kill('SIGKILL')
      await Promise.all(all.map(({ exited }) => exited))
    },
    async start(spec, options = {}) {
      const full = fullSpec({ queue, ...servers.spec, ...spec })
      const ingestId = spec.id ?? `${name}-${randomBytes(4).toString('hex')}`
      const { target: into, targets } = full
      const one = into && showTable(parseTableName(into.table))
      const target = targets ? showTables(targets) : one
      const ingest = { ingestId, spec: full, target }
      const { isAgain } = await enterIngest(db, ingest)
      await startIngest(client, {
        ...ingest,
        isAgain,
        attributes: true,
        ...servers.start,
        ...options,
      })
      return ingestId
    },
    async ended(ingestId, timeoutMs = 90_000) {
      let view: IngestView | null = null
      // A view costs 2 ms of CPU, which is much 40 times a second: it is read once, at the end.
      const find = async () => {
        const ended = 'select from sluice.ingests where ingest_id = $1 and ended_at is not null'
        const { rowCount } = await db.query(ended, [ingestId])
        return rowCount === 1 ? viewIngest(db, ingestId) : null
      }
      const over = async () => {
        view = await find().catch(() => null)
        return view !== null
      }
      await until(over, { what: `the end of ${ingestId}`, timeoutMs })
      return view as unknown as IngestView
    },
    async cleared(ingestId) {
      const gone = async () => {
        for await (const folder of stage.folders()) if (folder.ingestId === ingestId) return false
        return true
      }
      await until(gone, { what: `the stage without ${ingestId}` })
    },
    ingest: async (spec) => built.ended(await built.start(spec)),
    steer: (ingestId, steer) => steerIngest(client, ingestId, steer),
    rejects: (ingestId) =>
      listRejects(db, ingestId, { limit: 100_000, after: { fileNo: -1, line: 0 } }),
  }
  return built
}

/** Waits until the workflow has nothing to do, and so many of its activities are not done. */
export async function untilIdle(client: Client, ingestId: string, activities = 0): Promise<void> {
  const handle = client.workflow.getHandle(ingestId)
  const isIdle = async () => {
    const { raw } = await handle.describe()
    return !raw.pendingWorkflowTask && (raw.pendingActivities ?? []).length === activities
  }
  await until(isIdle, { what: `${ingestId} with ${activities} activities` })
}

/** Asks until the answer is yes. */
export async function until(
  ask: () => boolean | Promise<boolean>,
  {
    what,
    timeoutMs = 60_000,
    worker,
  }: { what: string; timeoutMs?: number; worker?: WorkerProcess },
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await ask())) {
    if (worker && worker.child.exitCode !== null) throw new Error(`exited:\n${worker.output()}`)
    if (Date.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms for ${what}\n${worker?.output() ?? ''}`)
    }
    await sleep(25)
  }
}

const fromDist = { SLUICE_DIST: '1' }
const sluice = fileURLToPath(new URL('../bin/sluice.js', import.meta.url))

function startWorkerProcess({
  queue,
  concurrency = 2,
  entry,
  args: more = [],
  env,
}: WorkerProcessOptions & { queue: string }): WorkerProcess {
  const slots = more.includes('--autoscale') ? [] : ['--concurrency', String(concurrency)]
  const args = ['worker', '--queue', queue, ...slots, ...more]
  const program = entry ? ['--import', 'tsx', entry] : [sluice]
  const child = spawn(process.execPath, [...program, ...args], {
    // An app in TypeScript needs tsx.
    env: { ...process.env, ...(!args.some((each) => each.endsWith('.ts')) && fromDist), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }))
  return {
    child,
    pid: child.pid as number,
    output: () => output,
    kill: (signal) => void child.kill(signal),
    exited,
  }
}
