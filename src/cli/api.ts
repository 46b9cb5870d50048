/** `sluice api` */
import type { Command } from 'commander'
import { startApi } from '../api/server.ts'
import { type Config, readConfig } from '../config.ts'
import { messageOf, sluiceError } from '../errors.ts'
import { createLog, type LogFormat, type LogLevel } from '../log.ts'
import { addLog, integer } from './options.ts'
import { needDatabase, needTemporal } from './settings.ts'
import { untilSignal } from './signals.ts'

interface Options {
  host?: string
  port?: number
  settings?: string
  logLevel?: LogLevel
  logFormat?: LogFormat
}

export function declare(command: Command): void {
  command
    .option('--host <address>', 'where to listen (default: SLUICE_HOST, or 127.0.0.1)')
    .option('--port <n>', 'where to listen (default: SLUICE_PORT, or 3000)', integer(0, 65_535))
    .option(
      '--settings <file>',
      'routes and time limits (default: SLUICE_SETTINGS, or sluice.json)',
    )
    .action(run)
  addLog(command)
}

async function run(options: Options): Promise<void> {
  const config = readConfig()
  const log = createLog(options.logLevel ?? config.log.level, formatOf(options, config))
  const { host = config.api.host, port = config.api.port } = options
  const api = await startApi({
    databaseUrl: needDatabase(config),
    temporal: needTemporal(config),
    stageDir: config.stageDir,
    uiUrl: config.api.uiUrl,
    settingsPath: options.settings ?? config.settingsPath,
    host,
    port,
    stepOver: false,
    janitorMs: config.janitorMs,
    log,
  }).catch((error) => {
    throw listenError(error, { host, port })
  })
  log.info({ event: 'ready', url: api.url }, `API ready: ${api.url}, docs at ${api.url}/docs`)
  await untilSignal()
  await api.close()
  log.info({ event: 'stopped' }, 'API stopped')
}

function listenError(error: unknown, at: { host: string; port: number }): unknown {
  const { code, syscall = '' } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return sluiceError('port_taken', at, { cause: error })
  // `getaddrinfo`: a name that is no address.
  if (!['listen', 'getaddrinfo'].includes(syscall)) return error
  return sluiceError('listen_refused', { ...at, problem: messageOf(error) }, { cause: error })
}

const formatOf = ({ logFormat }: Options, { log }: Config): LogFormat =>
  logFormat ?? log.format ?? 'pretty'
