/**
 * Starts everything that `up` runs, side by side where it can be: the code of one part is loaded
 * while another one is coming up.
 */
import { mkdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Config, UpFile } from '../../config.ts'
import type { Exit } from '../../dev/process.ts'
import { databaseError, openDb } from '../../postgres/db.ts'
import { cliError } from '../errors.ts'
import type { Running } from './running.ts'
import { settle, step } from './steps.ts'
import { removeUpFile, writeUpFile } from './upFile.ts'
import { startWorkerProcess } from './workerProcess.ts'

const concurrency = availableParallelism()

export interface Stack {
  up: UpFile
  /** Rejects when a server ends that nobody stopped. */
  broken: Promise<never>
}

/**
 * @param running takes each part as soon as it runs, so that a failed start can be undone
 * @throws part_ended, database_unavailable, postgres_too_old, temporal_unavailable
 */
export async function startStack(
  config: Config,
  running: Running,
  stopping: AbortSignal,
): Promise<Stack> {
  const { home, stageDir } = config
  const logs = join(home, 'logs')
  // PostgreSQL may run as another user, who has to get into the home; not into the rest.
  await mkdir(home, { recursive: true })
  await mkdir(logs, { recursive: true, mode: 0o700 })
  await mkdir(stageDir, { recursive: true, mode: 0o700 })
  const alarm = createAlarm(running)
  const start: Start = { config, logs, running, watch: alarm.watch }
  // The worker takes longest to load, and needs the others only then.
  const halt = new AbortController()
  const giveUp = () => halt.abort()
  const first = [spawnWorker(start), startDatabase(start), startServer(start)] as const
  const [worker, databaseUrl, temporal] = await settle(
    [...first, import('../../api/server.ts')],
    giveUp,
  )
  stopping.throwIfAborted()
  const address = { address: temporal.address, namespace: config.temporal.namespace }
  const feed = { temporal: address, databaseUrl, stageDir, sourceRoots: ['/'] }
  const ready = step(
    'worker',
    () => worker.feed(feed, AbortSignal.any([stopping, halt.signal])),
    (pid) => ({ what: `worker ${pid}, ${concurrency} activities at once` }),
  )
  const [api] = await settle([startOwnApi(start, { ...feed, ui: temporal.ui }), ready], giveUp)
  const { namespace } = address
  const up: UpFile = {
    pid: process.pid,
    api,
    temporal: temporal.address,
    namespace,
    ui: temporal.ui,
    databaseUrl,
    stageDir,
  }
  await writeUpFile(home, up)
  const remove = () => removeUpFile(home)
  running.add('upFile', { stop: remove, kill: remove })
  return { up, broken: alarm.broken }
}

interface Start {
  config: Config
  logs: string
  running: Running
  watch: (part: string, log: string, exited: Promise<Exit>) => void
}

function createAlarm(running: Running) {
  let ring: (error: Error) => void = () => {}
  const broken = new Promise<never>((_, reject) => {
    ring = reject
  })
  broken.catch(() => {})
  const watch: Start['watch'] = (part, log, exited) =>
    void exited.then(({ code, signal }) => {
      const how = signal ?? `exit code ${code}`
      if (!running.isStopping) ring(cliError('part_ended', { part, how, log }))
    })
  return { broken, watch }
}

async function spawnWorker({ logs, running }: Start) {
  const say = (line: string) => console.log(`! ${line}`)
  const worker = await startWorkerProcess({ log: join(logs, 'worker.log'), concurrency, say })
  running.add('worker', worker)
  return worker
}

const startDatabase = ({ config, logs, running, watch }: Start): Promise<string> =>
  step(
    'PostgreSQL',
    async () => {
      const given = config.databaseUrl
      if (given) return { url: given, version: await askVersion(given), notes: [] }
      const log = join(logs, 'postgres.log')
      const { startPostgres } = await import('../../dev/postgres.ts')
      const server = await startPostgres({ home: join(config.home, 'postgres'), log })
      running.add('postgres', server)
      watch('PostgreSQL', log, server.exited)
      return { url: server.url, version: await askVersion(server.url), notes: server.notes }
    },
    ({ url, version, notes }) => ({ what: `PostgreSQL ${version} on ${new URL(url).host}`, notes }),
  ).then(({ url }) => url)

/** @throws database_unavailable */
async function askVersion(url: string): Promise<string> {
  const db = openDb(url, { max: 1, name: 'sluice up' })
  try {
    const { rows } = await db.query('show server_version')
    return rows[0].server_version.split(' ')[0]
  } catch (error) {
    throw databaseError(error)
  } finally {
    await db.end()
  }
}

const startServer = ({ config, logs, running, watch }: Start) =>
  step(
    'Temporal',
    async () => {
      const { address, namespace } = config.temporal
      if (address) {
        const { connectTemporal } = await import('../../temporal/connect.ts')
        await (await connectTemporal({ address, namespace })).connection.close()
        return { address, ui: config.api.uiUrl, notes: [] }
      }
      const log = join(logs, 'temporal.log')
      const { startTemporal } = await import('../../dev/temporal.ts')
      const server = await startTemporal({ home: join(config.home, 'temporal'), log })
      running.add('temporal', server)
      watch('Temporal', log, server.exited)
      return server
    },
    ({ address, ui, notes }) => ({
      what: `Temporal on ${address}${ui ? `, Web UI ${ui}` : ''}`,
      notes,
    }),
  )

const startOwnApi = (
  { config, logs, running }: Start,
  {
    ui,
    ...feed
  }: {
    temporal: { address: string; namespace: string }
    databaseUrl: string
    stageDir: string
    ui: string | null
  },
): Promise<string> =>
  step(
    'API',
    async () => {
      const file = { dest: join(logs, 'api.log'), mkdir: true }
      const log = pino({ base: null, level: config.log.level }, pino.destination(file))
      const { startApi } = await import('../../api/server.ts')
      const api = await startApi({
        ...feed,
        uiUrl: ui,
        // Whoever reaches the API has the rights of this user: loopback only.
        host: '127.0.0.1',
        port: config.api.port,
        stepOver: true,
        log,
      })
      running.add('api', { stop: api.close, kill() {} })
      return api.url
    },
    (url) => ({ what: `API on ${url}, documentation at ${url}/docs` }),
  )
