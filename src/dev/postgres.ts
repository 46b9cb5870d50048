/**
 * PostgreSQL for a machine that has none: initdb once, then a server as our child.
 *
 * It is as durable as any other: fsync and synchronous_commit stay on, and after a kill the next
 * start on the same home recovers. Data, password and log stay in the home.
 */
import { randomBytes } from 'node:crypto'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { messageOf, sluiceError } from '../errors.ts'
import { findLocation, giveTo, type Location } from './location.ts'
import { freePort, isFree } from './port.ts'
import { claimFile, endLeftServer, killServer } from './postmaster.ts'
import { type Child, type Exit, run, startChild } from './process.ts'
import { prepareRole, role, rolePassword } from './role.ts'
import { writeClaim } from './staleServer.ts'

const wantedPort = 5432
const superuser = 'postgres'
const database = 'sluice'
const startWaitMs = 60_000
const recoveryWaitMs = 600_000
const stopWaitMs = 60_000
/** The server needs nothing of our environment, and PGPORT and the like would mislead it. */
const env = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' }

/** For bulk loads on a small machine; nothing here trades durability away. */
const loadSettings = {
  shared_buffers: '256MB',
  max_connections: '200',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  lc_messages: 'C',
  timezone: 'UTC',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
}

export interface PostgresOptions {
  /** The folder of its state, an absolute path; made when it is missing. */
  home: string
  /** The wanted port; the next free one above it is taken when it is not free. */
  port?: number
  /** The file that takes the server's log. */
  log?: string
  /** Server settings over ours. */
  settings?: Record<string, string>
}

export interface EmbeddedPostgres {
  /** The database `sluice`, as its owner. The same at every start that gets the same port. */
  readonly url: string
  /** The same as a superuser, which Sluice itself never is. */
  readonly adminUrl: string
  readonly port: number
  readonly dataDir: string
  readonly pid: number
  /** What people should be told, such as that the data lives elsewhere. */
  readonly notes: readonly string[]
  /** Resolves when the server is gone, also when it was not stopped from here. */
  readonly exited: Promise<Exit>
  /** Ends sessions, writes everything, and returns when the server is gone. */
  stop(): Promise<void>
  /** The crash: SIGKILL to every process of the server. */
  kill(): Promise<void>
}

/** Starts PostgreSQL on this home; ready means that a connection works. */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const place = await findLocation(options.home)
  const dataDir = join(place.dir, 'data')
  const leftPid = await endLeftServer(dataDir)
  if (leftPid !== null) place.notes.push(`ended PostgreSQL ${leftPid}, left by a killed process`)
  const password = await prepare(place, dataDir)

  const { child, port, adminUrl } = await serve(place, { ...options, dataDir, password })
  const kill = async (): Promise<void> => {
    if (child.isRunning()) await killServer(child.pid, dataDir)
    await child.exited
  }
  const stop = async (): Promise<void> => {
    const overdue = setTimeout(() => void kill(), stopWaitMs)
    await child.stop('SIGINT', 2 * stopWaitMs).finally(() => clearTimeout(overdue))
  }
  const { pid, exited } = child
  const url = await urlOfRole(place, adminUrl).catch(async (error) => {
    await kill()
    throw error
  })
  return { url, adminUrl, port, dataDir, pid, notes: place.notes, exited, stop, kill }
}

async function urlOfRole({ dir }: Location, adminUrl: string): Promise<string> {
  const password = await rolePassword(dir)
  await prepareRole((name) => databaseUrl(adminUrl, name), { database, password }).catch(
    (error) => {
      throw notStarted(`its role cannot be made: ${messageOf(error)}`, error)
    },
  )
  return Object.assign(new URL(adminUrl), { username: role, password }).href
}

/** The same server, another database. */
export function databaseUrl(url: string, name: string): string {
  const other = new URL(url)
  other.pathname = `/${encodeURIComponent(name)}`
  return other.href
}

/** Makes what is missing, and gives the password. */
async function prepare(place: Location, dataDir: string): Promise<string> {
  const file = join(place.dir, 'password')
  const saved = await readFile(file, 'utf8').catch(() => '')
  if (await stat(dataDir).catch(() => null)) {
    if (saved) return saved
    throw sluiceError('postgres_password_gone', { folder: dataDir, file })
  }
  const password = saved || randomBytes(16).toString('hex')
  await writeFile(file, password, { mode: 0o600 })
  await initialize(place, { dataDir, password })
  return password
}

/** Makes the data folder under another name first: a kill in the middle leaves none. */
async function initialize(
  { native, dir, user }: Location,
  { dataDir, password }: { dataDir: string; password: string },
): Promise<void> {
  for (const name of await readdir(dir)) {
    if (name.startsWith('initdb-')) await rm(join(dir, name), { recursive: true })
  }
  const temp = await mkdtemp(join(dir, 'initdb-'))
  const passwordFile = join(temp, 'password')
  const made = join(temp, 'data')
  await mkdir(made, { mode: 0o700 })
  await writeFile(passwordFile, password, { mode: 0o600 })
  for (const path of [temp, passwordFile, made]) await giveTo(user, path)
  const { code, output } = await run(
    join(native, 'bin/initdb'),
    [
      `--pgdata=${made}`,
      `--username=${superuser}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
    ],
    { user, env, cwd: '/' },
  )
  if (code !== 0) throw notStarted(`initdb failed: ${output.slice(-1000)}`)
  await chmod(made, 0o700)
  await rename(made, dataDir)
  await rm(temp, { recursive: true })
}

interface ServeOptions extends PostgresOptions {
  dataDir: string
  password: string
}

interface Served {
  child: Child
  port: number
  adminUrl: string
}

/** Starts the server on a free port, on the next one when another process was quicker. */
async function serve(place: Location, options: ServeOptions): Promise<Served> {
  const { dataDir, password, log = join(place.dir, 'postgres.log') } = options
  let wanted = options.port ?? wantedPort
  while (true) {
    const port = await freePort(wanted)
    const settings = Object.entries({ ...loadSettings, ...options.settings, port: String(port) })
    const args = ['-D', dataDir, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])]
    const command = join(place.native, 'bin/postgres')
    const child = await startChild(command, args, { log, user: place.user, env, cwd: '/' })
    const adminUrl = `postgresql://${superuser}:${password}@127.0.0.1:${port}/${database}`
    try {
      await writeClaim(claimFile(dataDir), child.pid)
      await untilReady(child, adminUrl)
      return { child, port, adminUrl }
    } catch (error) {
      if (child.isRunning()) {
        await killServer(child.pid, dataDir)
        throw error
      }
      if (await isFree(port)) throw error
      wanted &&= port + 1
    }
  }
}

/** Connects until it works. Recovery after a crash may take minutes; silence may not. */
async function untilReady(child: Child, url: string): Promise<void> {
  const startMs = Date.now()
  while (true) {
    const problem = await tryToConnect(databaseUrl(url, 'postgres'))
    if (problem === null) return
    if (!child.isRunning()) {
      throw notStarted(`it ended at once: ${(await child.printed()).slice(0, 1000)}`)
    }
    const recovers = problem.code === '57P03'
    if (Date.now() - startMs > (recovers ? recoveryWaitMs : startWaitMs)) {
      throw notStarted(`it does not answer: ${messageOf(problem)}`, problem)
    }
    await sleep(25)
  }
}

const notStarted = (problem: string, cause?: unknown): Error =>
  sluiceError('postgres_not_started', { problem: problem.trim() }, { cause })

async function tryToConnect(url: string): Promise<NodeJS.ErrnoException | null> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return null
  } catch (error) {
    return error as NodeJS.ErrnoException
  } finally {
    await client.end().catch(() => {})
  }
}
