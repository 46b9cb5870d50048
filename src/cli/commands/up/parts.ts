/** The parts of the stack: each is started here, or was there already and is only asked. */
import { join } from 'node:path'
import type { Config } from '../../../config.ts'
import type { Exit } from '../../../dev/process.ts'
import { databaseError, openDb } from '../../../postgres/db.ts'
import { type KeptPart, startKept } from './keptPart.ts'
import type { Running } from './running.ts'
import type { ApiSettings } from './settingsPipe.ts'
import { step } from './steps.ts'

export interface Start {
  config: Config
  /** The folder of the logs. */
  logs: string
  running: Running
  /** Notices when a server ends by itself. */
  watch: (part: string, log: string, exited: Promise<Exit>) => void
}

/** @returns its URL */
export const startDatabase = ({ config, logs, running, watch }: Start): Promise<string> =>
  step(
    'PostgreSQL',
    async () => {
      const given = config.databaseUrl
      if (given) return { url: given, version: await askVersion(given), notes: [] }
      const log = join(logs, 'postgres.log')
      const { startPostgres } = await import('../../../dev/postgres.ts')
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

interface TemporalPlace {
  address: string
  ui: string | null
  notes: readonly string[]
}

export const startTemporalServer = (start: Start): Promise<TemporalPlace> =>
  step(
    'Temporal',
    () => findTemporalServer(start),
    ({ address, ui, notes }) => ({
      what: `Temporal on ${address}${ui ? `, Web UI ${ui}` : ''}`,
      notes,
    }),
  )

/** @throws temporal_unavailable */
async function findTemporalServer(start: Start): Promise<TemporalPlace> {
  const { config, logs, running, watch } = start
  const { address } = config.temporal
  if (address) {
    const { connectTemporal } = await import('../../../temporal/connect.ts')
    const { connection } = await connectTemporal({ ...config.temporal, address })
    await connection.close()
    return { address, ui: config.api.uiUrl, notes: [] }
  }
  const log = join(logs, 'temporal.log')
  const { startTemporal } = await import('../../../dev/temporal.ts')
  const server = await startTemporal({ home: join(config.home, 'temporal'), log })
  running.add('temporal', server)
  watch('Temporal', log, server.exited)
  return server
}

/** It is a process of its own, so that whatever ends it does not end the others. */
export const spawnApi = async ({ config, logs, running }: Start): Promise<KeptPart> => {
  const level = ['--log-level', config.log.level, '--log-format', 'json']
  const api = await startKept({
    part: 'The API',
    log: join(logs, 'api.log'),
    args: ['api', '--fed', ...level],
    ready: /API ready: (http:[^\s,"]+)\s/,
    say: (line) => console.log(`! ${line}`),
    // It comes back where its clients look for it.
    feedAgain: (feed, [, url = '']) => ({
      ...feed,
      port: Number(new URL(url).port),
      stepOver: false,
    }),
  })
  running.add('api', api)
  return api
}

/** @returns its URL */
export const feedApi = (
  { config }: Start,
  api: KeptPart,
  options: Pick<ApiSettings, 'databaseUrl' | 'temporal' | 'stage' | 'uiUrl' | 'token'>,
  signal: AbortSignal,
): Promise<string> =>
  step(
    'API',
    async () => {
      const { settingsPath, janitorMs } = config
      // A client of the API can write to the database and command the worker: loopback only.
      const place = { host: '127.0.0.1', port: config.api.port, stepOver: true }
      const { found } = await api.feed({ ...options, ...place, settingsPath, janitorMs }, signal)
      return found[1] as string
    },
    (url) => ({ what: `API on ${url}, documentation at ${url}/docs` }),
  )
