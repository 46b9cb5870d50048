/**
 * Temporal for a machine that has none: the development server of its CLI as our child, with the
 * database in a file, so that what is under way goes on after a restart or a kill.
 */
import { chmod, mkdir, readdir, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '@temporalio/client'
import { messageOf, sluiceError } from '../errors.ts'
import { freePort, isFree } from './port.ts'
import { type Child, type Exit, run, startChild } from './process.ts'
import { assertStale, end, inspect, readClaim, writeClaim } from './staleServer.ts'

const wantedPort = 7233
const wantedUiPort = 8233
const startWaitMs = 60_000
const stopWaitMs = 20_000

/** The oldest server that has what Sluice asks for (fairness); scripts/setup.mjs has it too. */
export const oldestServer = { major: 1, minor: 29 }

/**
 * The development server has one history shard, and by default reads each of its queues at most 20
 * times a second: 50 ms a step. Fairness and worker heartbeats are off unless asked for.
 */
const dynamicConfig = {
  'history.transferProcessorMaxPollRPS': 2000,
  'history.timerProcessorMaxPollRPS': 2000,
  'history.visibilityProcessorMaxPollRPS': 2000,
  'history.outboundProcessorMaxPollRPS': 2000,
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
  'matching.useNewMatcher': true,
  'matching.enableFairness': true,
  'frontend.WorkerHeartbeatsEnabled': true,
  'frontend.enableCancelWorkerPollsOnShutdown': true,
  // The CLI has it read the list of search attributes from its database again for each use: ten reads
  // for a small ingest. They are given at the start, and do not change.
  'system.forceSearchAttributesCacheRefreshOnRead': false,
}

const searchAttributes = { SluiceTarget: 'Keyword', SluiceSource: 'Keyword' }

export interface TemporalOptions {
  /** The folder of its state, an absolute path; made when it is missing. */
  home: string
  /** The Temporal CLI; without it, what `findTemporal` finds. */
  binary?: string
  /** The wanted ports; the next free ones above are taken when they are not free. */
  port?: number
  uiPort?: number
  /** Starts the server without the Web UI. */
  headless?: boolean
  /** The file that takes the server's log. */
  log?: string
}

export interface EmbeddedTemporal {
  /** host:port of the gRPC frontend; the namespace is `default`. */
  readonly address: string
  /** The address of the Web UI. */
  readonly ui: string | null
  readonly pid: number
  /** What people should be told. */
  readonly notes: readonly string[]
  /** Resolves when the server is gone, also when it was not stopped from here. */
  readonly exited: Promise<Exit>
  stop(): Promise<void>
  /** The crash: SIGKILL. */
  kill(): Promise<void>
}

/** Starts Temporal on this home; ready means that it answers for the namespace `default`. */
export async function startTemporal(options: TemporalOptions): Promise<EmbeddedTemporal> {
  await mkdir(options.home, { recursive: true })
  const home = await realpath(options.home)
  await keepPrivate(home)
  const leftPid = await endLeft(home)
  const notes = leftPid === null ? [] : [`ended Temporal ${leftPid}, left by a killed process`]
  const binary = options.binary ?? (await findTemporal())
  if (binary === null) throw sluiceError('temporal_not_installed', {})
  const { child, port, uiPort } = await serve(binary, { ...options, home })
  const stopBy = async (signal: NodeJS.Signals): Promise<void> => {
    await child.stop(signal, stopWaitMs)
  }
  return {
    address: `127.0.0.1:${port}`,
    ui: uiPort === null ? null : `http://127.0.0.1:${uiPort}`,
    pid: child.pid,
    notes,
    exited: child.exited,
    stop: () => stopBy('SIGTERM'),
    kill: () => stopBy('SIGKILL'),
  }
}

/** Histories hold paths, table names and errors: only this user may read them, old ones too. */
async function keepPrivate(home: string): Promise<void> {
  await chmod(home, 0o700)
  for (const name of await readdir(home)) await chmod(join(home, name), 0o600).catch(() => {})
}

/** A Temporal CLI that is recent enough: on the PATH, or the newest that the set-up cached. */
export async function findTemporal(): Promise<string | null> {
  if (isRecent((await run('temporal', ['--version'])).output)) return 'temporal'
  const cache = join(await projectRoot(), '.cache', 'temporal')
  const names = await readdir(cache).catch(() => [])
  const versions = names.filter((name) => /^\d/.test(name))
  versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  const newest = versions.at(-1)
  return newest === undefined ? null : join(cache, newest, 'temporal')
}

function isRecent(versionLine: string): boolean {
  const [, major, minor] = /Server (\d+)\.(\d+)/.exec(versionLine) ?? []
  if (Number(major) !== oldestServer.major) return Number(major) > oldestServer.major
  return Number(minor) >= oldestServer.minor
}

/** The nearest folder above this file with a package.json: we run from src or from dist/src. */
async function projectRoot(): Promise<string> {
  let folder = import.meta.dirname
  while (!(await stat(join(folder, 'package.json')).catch(() => null))) {
    if (folder === dirname(folder)) throw new Error('There is no package.json above this file.')
    folder = dirname(folder)
  }
  return folder
}

const claimFile = (home: string): string => join(home, 'claim.json')
const databaseFile = (home: string): string => join(home, 'temporal.db')

/** Ends the server that a killed parent left running on this home. */
async function endLeft(home: string): Promise<number | null> {
  const claim = await readClaim(claimFile(home))
  if (!claim) return null
  const found = await inspect(claim.pid)
  if (!found?.command.includes(`--db-filename ${databaseFile(home)} `)) return null
  await assertStale(claim.pid, claim)
  if (!(await end(claim.pid, 'SIGTERM', stopWaitMs))) await end(claim.pid, 'SIGKILL', stopWaitMs)
  return claim.pid
}

interface Ports {
  port: number
  uiPort: number | null
}

/** Starts the server on free ports, on the next ones when another process was quicker. */
async function serve(binary: string, options: TemporalOptions): Promise<Ports & { child: Child }> {
  const { headless = false, port: wanted = wantedPort, uiPort: wantedUi = wantedUiPort } = options
  const lost: number[] = []
  while (true) {
    const port = await freePort(wanted, lost)
    const uiPort = headless ? null : await freePort(wantedUi, [port, ...lost])
    const child = await serveOn(binary, { ...options, port, uiPort })
    if (child) return { child, port, uiPort }
    for (const tried of [port, uiPort ?? port]) {
      if (!(await isFree(tried))) lost.push(tried)
    }
  }
}

/** Gives null when one of the ports was lost; the server also picks some of its own. */
async function serveOn(
  binary: string,
  { home, log = join(home, 'temporal.log'), port, uiPort }: { home: string; log?: string } & Ports,
): Promise<Child | null> {
  const child = await startChild(binary, serverArgs({ home, port, uiPort }), { log, umask: 0o077 })
  try {
    await writeClaim(claimFile(home), child.pid)
    await untilReady(child, port)
    return child
  } catch (error) {
    const wasRunning = child.isRunning()
    await child.stop('SIGKILL', stopWaitMs)
    if (!wasRunning && (await child.printed()).includes('address already in use')) return null
    throw error
  }
}

function serverArgs(at: { home: string } & Ports): string[] {
  const pairs = (flag: string, values: object): string[] =>
    Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`])
  return [
    'server',
    'start-dev',
    ...['--ip', '127.0.0.1', '--port', String(at.port)],
    ...(at.uiPort === null ? ['--headless'] : ['--ui-port', String(at.uiPort)]),
    ...['--db-filename', databaseFile(at.home)],
    ...pairs('--sqlite-pragma', { journal_mode: 'WAL', synchronous: 'NORMAL' }),
    ...['--namespace', 'default', '--log-level', 'warn', '--log-format', 'json'],
    ...pairs('--dynamic-config-value', dynamicConfig),
    ...pairs('--search-attribute', searchAttributes),
  ]
}

async function untilReady(child: Child, port: number): Promise<void> {
  const startMs = Date.now()
  const banner = new RegExp(`Server: +\\S+:${port}\\s`)
  while (true) {
    // Its own word first: on a port that was lost to another Temporal, that one would answer.
    const printed = await child.printed()
    const problem = banner.test(printed) ? await ask(port) : new Error(printed.slice(0, 1000))
    if (problem === null) return
    if (!child.isRunning()) throw notStarted(`it ended at once: ${printed.slice(0, 1000)}`)
    if (Date.now() - startMs > startWaitMs) {
      throw notStarted(`it does not answer: ${messageOf(problem)}`, problem)
    }
    await sleep(25)
  }
}

const notStarted = (problem: string, cause?: unknown): Error =>
  sluiceError('temporal_not_started', { problem: problem.trim() }, { cause })

async function ask(port: number): Promise<Error | null> {
  try {
    const address = `127.0.0.1:${port}`
    const connection = await Connection.connect({ address, connectTimeout: '5s' })
    const question = connection.workflowService.describeNamespace({ namespace: 'default' })
    await question.finally(() => connection.close())
    return null
  } catch (error) {
    return error as Error
  }
}
