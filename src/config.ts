/**
 * The configuration: the one place that reads the environment.
 *
 * Every setting has a value from, in this order: a command line flag, its environment variable,
 * the stack that `sluice up` runs (`.sluice/up.json`), a default.
 */
import { readFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { parseSize } from './domain/size.ts'
import { parseDuration } from './domain/timeLimits.ts'
import { type UnpackLimits, unpackLimits } from './domain/unpack.ts'
import { noUploadLimits, type UploadLimits } from './domain/upload.ts'
import { sluiceError } from './errors.ts'
import type { LogFormat, LogLevel } from './log.ts'
import { cidrOf } from './settings/cidr.ts'
import { isInStore, type StageSetting } from './settings/stage.ts'
import {
  readTemporalSettings,
  type TemporalLogin,
  type TemporalSettings,
} from './settings/temporal.ts'

/** What `sluice up` writes for the other commands to find. */
export interface UpFile {
  pid: number
  api: string
  temporal: string
  namespace: string
  /** How to log in to Temporal, where it asks for that. */
  temporalLogin?: TemporalLogin
  ui: string | null
  databaseUrl: string
  stage: StageSetting
  sourceRoots: string[]
  /** Its API asks for it when files are to be read; absent in one of an older version. */
  token?: string
}

export interface Config {
  /** The folder of this installation's state; `.sluice` in the working directory. */
  home: string
  /** The stack that `up` runs here, if it runs. */
  up: UpFile | null
  databaseUrl: string | null
  temporal: TemporalSettings & { namespace: string }
  /** The address of the API for the commands that are its clients. */
  apiUrl: string | null
  api: { host: string; port: number; uiUrl: string | null }
  stage: StageSetting
  /** Folders that directory sources may read. */
  sourceRoots: string[]
  /** Networks that sources may read from though they are private: `10.0.0.0/8`. */
  allowPrivate: string[]
  connections: {
    /** What `SLUICE_CONNECTION_<NAME>` says, by the name in lower case. */
    variables: ReadonlyMap<string, string>
    /** A folder with a file for each connection. */
    folder: string | null
  }
  /** Reads a variable that a connection names as the place of a secret. */
  variable(name: string): string | undefined
  /** The settings file; null for the one in the working directory, if it is there. */
  settingsPath: string | null
  /** The version of the workers, as the Temporal Worker Controller sets it; null for none. */
  deployment: { deploymentName: string; buildId: string } | null
  /** How often the janitor looks; 0 for never. */
  janitorMs: number
  /** Whether a worker looks for others that died. */
  findsDead: boolean
  /** How much may come out of a packed file. */
  unpack: UnpackLimits
  /** How much clients of the API may send. */
  uploads: UploadLimits
  log: { level: LogLevel; format: LogFormat | null }
}

/** NO_COLOR (no-color.org), or a terminal that can show plain lines only. */
export const wantsPlain = (env: NodeJS.ProcessEnv = process.env): boolean =>
  Boolean(env.NO_COLOR) || env.TERM === 'dumb'

/** FORCE_COLOR asks for colours wherever the text goes (force-color.org); NO_COLOR is stronger. */
export const forcesColour = (env: NodeJS.ProcessEnv = process.env): boolean =>
  Boolean(env.FORCE_COLOR) && !env.NO_COLOR

export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const home = resolve(env.SLUICE_HOME || '.sluice')
  const up = readUpFile(home)
  return {
    home,
    up,
    databaseUrl: env.DATABASE_URL || up?.databaseUrl || null,
    temporal: temporalOf(readTemporalSettings(env), up),
    apiUrl: env.SLUICE_API || up?.api || null,
    api: {
      host: env.SLUICE_HOST || '127.0.0.1',
      port: port('SLUICE_PORT', env, 3000),
      uiUrl: env.TEMPORAL_UI_URL || up?.ui || null,
    },
    stage: stageIn(env) ?? up?.stage ?? { at: join(home, 'stage') },
    sourceRoots: (
      env.SLUICE_SOURCE_ROOTS?.split(delimiter).filter(Boolean) ??
      up?.sourceRoots ?? ['.']
    ).map((root) => resolve(root)),
    allowPrivate: networks('SLUICE_ALLOW_PRIVATE_ADDRESSES', env),
    connections: {
      variables: connectionsIn(env),
      folder: env.SLUICE_CONNECTIONS ? resolve(env.SLUICE_CONNECTIONS) : null,
    },
    variable: (name) => env[name],
    settingsPath: env.SLUICE_SETTINGS ? resolve(env.SLUICE_SETTINGS) : null,
    deployment: deploymentOf(env),
    janitorMs: interval('SLUICE_JANITOR', env.SLUICE_JANITOR, 5 * 60_000),
    findsDead: oneOf('SLUICE_FIND_DEAD', env, ['1', '0'], '1') === '1',
    unpack: {
      ratioMax: least(env, 'SLUICE_UNPACK_RATIO', unpackLimits.ratioMax),
      bytesMax: least(env, 'SLUICE_UNPACK_BYTES', unpackLimits.bytesMax),
      membersMax: least(env, 'SLUICE_UNPACK_MEMBERS', unpackLimits.membersMax),
    },
    uploads: {
      eachMax: least(env, 'SLUICE_UPLOAD_BYTES', noUploadLimits.eachMax),
      allMax: least(env, 'SLUICE_UPLOADS_BYTES', noUploadLimits.allMax),
    },
    log: {
      level: oneOf('SLUICE_LOG_LEVEL', env, ['debug', 'info', 'warn', 'error'], 'info'),
      format: oneOf<LogFormat, null>('SLUICE_LOG_FORMAT', env, ['pretty', 'json'], null),
    },
  }
}

/** An address of an object store stays what it is; a folder is made absolute. */
function stageIn(env: NodeJS.ProcessEnv): StageSetting | null {
  const at = env.SLUICE_STAGE
  if (!at) return null
  if (!isInStore({ at })) return { at: resolve(at) }
  const connection = env.SLUICE_STAGE_CONNECTION
  return { at, ...(connection && { connection }) }
}

/** Either of them alone would be a worker that gets no tasks, or those of another version. */
function deploymentOf(env: NodeJS.ProcessEnv): Config['deployment'] {
  const { TEMPORAL_DEPLOYMENT_NAME: deploymentName, TEMPORAL_WORKER_BUILD_ID: buildId } = env
  if (deploymentName && buildId) return { deploymentName, buildId }
  if (!deploymentName && !buildId) return null
  const given = deploymentName ? 'TEMPORAL_DEPLOYMENT_NAME' : 'TEMPORAL_WORKER_BUILD_ID'
  const missing = deploymentName ? 'TEMPORAL_WORKER_BUILD_ID' : 'TEMPORAL_DEPLOYMENT_NAME'
  throw sluiceError('variable_invalid', {
    name: given,
    value: env[given] ?? '',
    problem: `it goes with ${missing}, which is not set`,
  })
}

/** The login belongs to its address: that of one server is never sent to another one. */
function temporalOf(given: TemporalSettings, up: UpFile | null): Config['temporal'] {
  const namespace = given.namespace ?? up?.namespace ?? 'default'
  if (given.address) return { ...given, namespace }
  return up ? { ...up.temporalLogin, address: up.temporal, namespace } : { namespace }
}

function readUpFile(home: string): UpFile | null {
  try {
    const up = JSON.parse(readFileSync(join(home, 'up.json'), 'utf8')) as UpFile
    process.kill(up.pid, 0)
    return up
  } catch (error) {
    // EPERM: the process lives, but belongs to another user.
    const { code } = error as NodeJS.ErrnoException
    return code === 'EPERM'
      ? (JSON.parse(readFileSync(join(home, 'up.json'), 'utf8')) as UpFile)
      : null
  }
}

function connectionsIn(env: NodeJS.ProcessEnv): Map<string, string> {
  const prefix = 'SLUICE_CONNECTION_'
  const found = Object.entries(env).filter(([name, text]) => name.startsWith(prefix) && text)
  return new Map(found.map(([name, text]) => [name.slice(prefix.length).toLowerCase(), text ?? '']))
}

function networks(name: string, env: NodeJS.ProcessEnv): string[] {
  const texts = (env[name] ?? '').split(/[\s,]+/).filter(Boolean)
  const wrong = texts.find((text) => cidrOf(text) === null)
  if (wrong === undefined) return texts
  const problem = 'give networks like 10.0.0.0/8 or fd00::/8, with commas in between'
  throw sluiceError('variable_invalid', { name, value: wrong, problem })
}

function port(name: string, env: NodeJS.ProcessEnv, fallback: number): number {
  const text = env[name]
  if (!text) return fallback
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value
  const problem = 'give a number from 0 to 65535'
  throw sluiceError('variable_invalid', { name, value: text, problem })
}

/** An interval in milliseconds, from a minute to a week; 0 for never. */
function interval(name: string, text: string | undefined, fallback: number): number {
  if (!text) return fallback
  const ms = /^0+[a-z]*$/.test(text) ? 0 : parseDuration(text)
  if (ms === 0 || (ms !== null && ms >= 60_000 && ms <= 7 * 86_400_000)) return ms
  const problem = 'give a time like 5m or 1h, from a minute to a week, or 0 for never'
  throw sluiceError('variable_invalid', { name, value: text, problem })
}

/** A count or a size: `300`, `100GB`. */
function least(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = env[name]
  if (!text) return fallback
  const value = /^\d+$/.test(text) ? Number(text) : parseSize(text)
  if (value !== null && Number.isSafeInteger(value) && value >= 1) return value
  const problem = 'give a whole number, or a size like 100GB, of 1 or more'
  throw sluiceError('variable_invalid', { name, value: text, problem })
}

function oneOf<T extends string, F>(
  name: string,
  env: NodeJS.ProcessEnv,
  allowed: readonly T[],
  fallback: F,
): T | F {
  const text = env[name]
  if (!text) return fallback
  const found = allowed.find((value) => value === text)
  if (found) return found
  const problem = `give one of ${allowed.join(', ')}`
  throw sluiceError('variable_invalid', { name, value: text, problem })
}
