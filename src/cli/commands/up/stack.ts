/** Starts everything that `up` runs, side by side where it can be. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import type { Config, UpFile } from '../../../config.ts'
import { messageOf, sluiceError } from '../../../errors.ts'
import { isInStore } from '../../../settings/stage.ts'
import { startKept } from './keptPart.ts'
import { feedApi, type Start, spawnApi, startDatabase, startTemporalServer } from './parts.ts'
import type { Running } from './running.ts'
import { settle, step } from './steps.ts'
import { removeUpFile, writeUpFile } from './upFile.ts'

const concurrency = availableParallelism()

export interface Stack {
  up: UpFile
  /** Rejects when a server ends that was not asked to stop. */
  broken: Promise<never>
}

/**
 * @param running takes each part as soon as it runs, so that a failed start can be undone
 * @throws part_ended, database_unavailable, postgres_too_old, temporal_unavailable
 */
export async function startStack(
  config: Config,
  running: Running,
  { stopping, app }: { stopping: AbortSignal; app?: string },
): Promise<Stack> {
  const { home, stage } = config
  const logs = await makeFolders(config).catch((error) => {
    throw sluiceError('home_unwritable', { home, problem: messageOf(error) }, { cause: error })
  })
  const alarm = createAlarm(running)
  const start: Start = { config, logs, running, watch: alarm.watch }
  const halt = new AbortController()
  const giveUp = () => halt.abort()
  // What loads slowly loads while something else is coming up: the worker, and the API.
  const children = [spawnWorker(start, app), spawnApi(start)] as const
  const servers = [startDatabase(start), startTemporalServer(start)] as const
  const [worker, ownApi, databaseUrl, temporal] = await settle([...children, ...servers], giveUp)
  stopping.throwIfAborted()

  const { address, ui } = temporal
  const server = { ...config.temporal, address }
  // A client with the token is this user, and may have any file read that this user may read.
  const sourceRoots = ['/']
  const token = randomBytes(32).toString('base64url')
  const feed = { temporal: server, databaseUrl, stage, sourceRoots }
  const signal = AbortSignal.any([stopping, halt.signal])
  const ready = step(
    'worker',
    () => worker.feed(feed, signal),
    ({ pid }) => ({ what: `worker ${pid}, activities at once: ${concurrency}` }),
  )
  const { sourceRoots: _, ...place } = feed
  const apiUrl = feedApi(start, ownApi, { ...place, uiUrl: ui, token }, signal)
  const [api] = await settle([apiUrl, ready], giveUp)

  const { pid } = process
  const { address: _address, namespace, ...temporalLogin } = server
  const up: UpFile = {
    pid,
    api,
    temporal: address,
    namespace,
    temporalLogin,
    ui,
    databaseUrl,
    stage,
    sourceRoots,
    token,
  }
  await writeUpFile(home, up)
  const remove = () => removeUpFile(home)
  running.add('upFile', { stop: remove, kill: remove })
  return { up, broken: alarm.broken }
}

/** @returns the folder of the logs */
async function makeFolders({ home, stage }: Config): Promise<string> {
  const logs = join(home, 'logs')
  // PostgreSQL may run as another user, who has to get into the home; not into the rest.
  await mkdir(home, { recursive: true })
  await mkdir(logs, { recursive: true, mode: 0o700 })
  const isFolder = !isInStore(stage)
  if (isFolder) await mkdir(stage.at, { recursive: true, mode: 0o700 })
  // Made by an older version or by hand, they may be open to others.
  await chmod(logs, 0o700)
  if (isFolder && dirname(stage.at) === home) await chmod(stage.at, 0o700)
  return logs
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
      if (!running.isStopping) ring(sluiceError('part_ended', { part, how, log }))
    })
  return { broken, watch }
}

async function spawnWorker({ logs, running }: Start, app?: string) {
  const args = ['worker', '--fed', '--concurrency', String(concurrency), '--log-format', 'pretty']
  const worker = await startKept({
    part: 'The worker',
    log: join(logs, 'worker.log'),
    args: [...args, ...(app ? ['--app', app] : [])],
    node: ['--max-semi-space-size=4'],
    ready: /worker ready/,
    say: (line) => console.log(`! ${line}`),
  })
  running.add('worker', worker)
  return worker
}
