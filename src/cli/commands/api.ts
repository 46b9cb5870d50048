/** `sluice api` */
import { type Command, Option } from 'commander'
import { startApi } from '../../api/server.ts'
import { type Config, readConfig } from '../../config.ts'
import { messageOf, sluiceError } from '../../errors.ts'
import { createLog, type LogFormat, type LogLevel } from '../../log.ts'
import { readConnections } from '../connections.ts'
import { addLog, integer } from '../options.ts'
import { needDatabase, needTemporal } from '../settings.ts'
import { untilSignal } from '../signals.ts'
import { type ApiSettings, readSettingsPipe } from './up/settingsPipe.ts'

interface Options {
  host?: string
  port?: number
  settings?: string
  logLevel?: LogLevel
  logFormat?: LogFormat
  fed?: boolean
}

export function declare(command: Command): void {
  command
    .option('--host <address>', 'where to listen (default: SLUICE_HOST, or 127.0.0.1)')
    .option('--port <n>', 'where to listen (default: SLUICE_PORT, or 3000)', integer(0, 65_535))
    .option(
      '--settings <file>',
      'routes and time limits (default: SLUICE_SETTINGS, or sluice.json or sluice.yaml)',
    )
    .addOption(new Option('--fed', 'settings and life come through stdin').hideHelp())
    .action(run)
  addLog(command)
}

async function run(options: Options): Promise<void> {
  try {
    await serve(options)
  } finally {
    // An open pipe would keep the process, also one that could not start.
    if (options.fed) process.stdin.destroy()
  }
}

async function serve(options: Options): Promise<void> {
  const config = readConfig()
  const log = createLog(options.logLevel ?? config.log.level, formatOf(options, config))
  const place = options.fed
    ? await readSettingsPipe<ApiSettings>(import('../../api/server.ts'))
    : placeOf(config, options)
  // Without settings, the process that started us is gone.
  if (!place) return
  const { host, port } = place
  const { findsDead, uploads, allowPrivate } = config
  const connections = await readConnections({
    ...config,
    settingsPath: place.settingsPath ?? config.settingsPath,
  })
  const own = { findsDead, uploads, allowPrivate, connections, log }
  const api = await startApi({ ...place, ...own }).catch((error) => {
    throw listenError(error, { host, port })
  })
  // The process that started us waits for it, whatever the log shows.
  if (options.fed) console.log(`API ready: ${api.url}`)
  log.info({ event: 'ready', url: api.url }, `API ready: ${api.url}, docs at ${api.url}/docs`)
  await untilSignal()
  await api.close()
  log.info({ event: 'stopped' }, 'API stopped')
}

const placeOf = (config: Config, options: Options): ApiSettings => ({
  databaseUrl: needDatabase(config),
  temporal: needTemporal(config),
  stage: config.stage,
  uiUrl: config.api.uiUrl,
  settingsPath: options.settings ?? config.settingsPath,
  host: options.host ?? config.api.host,
  port: options.port ?? config.api.port,
  stepOver: false,
  janitorMs: config.janitorMs,
})

function listenError(error: unknown, at: { host: string; port: number }): unknown {
  const { code, syscall = '' } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return sluiceError('port_taken', at, { cause: error })
  // `getaddrinfo`: a name that is no address.
  if (!['listen', 'getaddrinfo'].includes(syscall)) return error
  return sluiceError('listen_refused', { ...at, problem: messageOf(error) }, { cause: error })
}

const formatOf = ({ logFormat }: Options, { log }: Config): LogFormat =>
  logFormat ?? log.format ?? 'pretty'
