/**
 * Celery with Redis as a side: its common defaults, and nothing tuned for or against it.
 *
 * A prefork worker, `acks_late` off, four tasks taken ahead for each process, results in Redis,
 * and a Redis that writes a snapshot now and then. So a task that a dying worker has in hand is
 * lost, and so is what came since the last snapshot when the machine dies.
 */
import { join } from 'node:path'
import { type Child, startChild } from '../../src/dev/process.ts'
import type { Ground, Side, Skip } from '../side.ts'
import { type Command, commandsOn } from './command.ts'
import { celeryPython, findPython, type Python } from './python.ts'
import { findRedis, startRedis } from './redis.ts'

const cache = join(import.meta.dirname, '../data/celery')
const stopWaitMs = 5000

export async function openCelery(ground: Ground, say: (line: string) => void) {
  const command = commandsOn(ground)
  const redis = await findRedis(cache, command, say)
  if ('skipped' in redis) return redis
  const python = await findPython({ cache, ...celeryPython }, command, say)
  if ('skipped' in python) return python
  const url = await startRedis(redis, ground)
  const env = { ...process.env, BENCH_REDIS: url, PYTHONDONTWRITEBYTECODE: '1' }
  const workers = new CeleryWorkers(python, env, ground)
  const client = clientOf(python, env, command)
  const scale = async (replicas: number) => {
    await workers.grow(replicas)
    await client('ready', replicas)
  }
  await scale(1)
  return {
    name: 'celery',
    versions: { ...python.versions, redis: redis.version },
    async latency(count, first) {
      const { tookMs } = (await client('latency', count, first)) as { tookMs: number[] }
      return { tookMs, stepMs: null, phasesMs: null }
    },
    async rate({ count, pauseMs }) {
      const { seconds } = (await client('rate', count, pauseMs)) as { seconds: number }
      return { seconds, innerSeconds: null }
    },
    scale,
    close: () => workers.stop(),
    workerPid: null,
  } satisfies Side as Side | Skip
}

/** Calls client.py, which prints one line of JSON. */
const clientOf =
  ({ command: python }: Python, env: NodeJS.ProcessEnv, command: Command) =>
  async (measure: string, ...numbers: number[]): Promise<unknown> => {
    const args = ['client.py', measure, ...numbers.map(String)]
    const { code, output } = await command(python, args, { env, cwd: import.meta.dirname })
    if (code !== 0) throw new Error(`Celery's client failed:\n${output.slice(-2000)}`)
    return JSON.parse(output.trim().split('\n').at(-1) as string)
  }

class CeleryWorkers {
  readonly #children: Child[] = []
  readonly #python: Python
  readonly #env: NodeJS.ProcessEnv
  readonly #ground: Ground
  #stopping = false

  constructor(python: Python, env: NodeJS.ProcessEnv, ground: Ground) {
    this.#python = python
    this.#env = env
    this.#ground = ground
  }

  async grow(replicas: number): Promise<void> {
    while (this.#children.length < replicas) await this.#add(this.#children.length + 1)
  }

  async #add(no: number): Promise<void> {
    const { folder, closing, concurrency } = this.#ground
    const app = ['-m', 'celery', '-A', 'tasks', 'worker', '-l', 'warning']
    const args = [...app, `--concurrency=${concurrency}`, '-n', `replica-${no}@%h`]
    const starting = startChild(this.#python.command, args, {
      log: join(folder, `celery-${no}.log`),
      cwd: import.meta.dirname,
      env: this.#env,
    })
    const child = await closing.addStarting(starting, stopAll)
    closing.watch("Celery's worker", child.exited, () => this.#stopping)
    this.#children.push(child)
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await Promise.all(this.#children.map(stopAll))
  }
}

/**
 * Without waiting for what is queued, which SIGTERM would. A worker that must be killed leaves its
 * processes behind: they are one group with it.
 */
async function stopAll(child: Child): Promise<void> {
  const { signal } = await child.stop('SIGQUIT', stopWaitMs)
  if (signal !== 'SIGKILL') return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // Nobody is left.
  }
}
