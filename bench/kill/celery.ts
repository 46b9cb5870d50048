/**
 * Celery with Redis and a COPY task for each slice: with its defaults, and with `acks_late`.
 *
 * The visibility timeout is shortened for both: with its default, Celery would take up after an
 * hour what a killed worker had taken ahead.
 */
import { join } from 'node:path'
import { type Child, startChild } from '../../src/dev/process.ts'
import { commandsOn } from '../celery/command.ts'
import { celeryPython, findPython } from '../celery/python.ts'
import { findRedis, startRedis } from '../celery/redis.ts'
import { makeTable } from '../tables.ts'
import {
  type Attempt,
  type Counted,
  type Find,
  killGroup,
  type Ring,
  type Victim,
} from './victim.ts'

export const visibilitySeconds = 10
/** As beside Sluice's small tasks. */
const processes = 4
const stopWaitMs = 5000
const cache = join(import.meta.dirname, '../data/celery')

export const celeryVictims: Find = async (ring) => {
  const { stack, say, rows } = ring
  const command = commandsOn(stack)
  const redis = await findRedis(cache, command, say)
  if ('skipped' in redis) return redis
  const python = await findPython({ cache, ...celeryPython }, command, say)
  if ('skipped' in python) return python
  const url = await startRedis(redis, stack)
  const victim = (name: 'celery' | 'late', label: string): Victim => ({
    name,
    label,
    rows,
    todo: todos[name],
    begin: (table) => begin(ring, { python: python.command, url, late: name === 'late', table }),
  })
  return [
    victim('celery', 'Celery, a COPY task for each slice'),
    victim('late', 'Celery, the same with `acks_late`'),
  ]
}

const todos: Record<'celery' | 'late', (counted: Counted) => string> = {
  celery: ({ missing }) =>
    missing > 0
      ? 'start a worker; find out which slices are missing, and send those again'
      : 'start a worker; what it had in hand was not lost this time: count',
  late: ({ twice }) =>
    twice > 0
      ? 'start a worker; find out which slices are in twice, and delete those rows'
      : 'start a worker; count: a task killed between its commit and its answer comes twice',
}

interface Place {
  python: string
  url: string
  late: boolean
  table: string
}

async function begin({ stack, rows }: Ring, { python, url, late, table }: Place): Promise<Attempt> {
  const env = {
    ...process.env,
    BENCH_REDIS: url,
    BENCH_POSTGRES: stack.databaseUrl,
    BENCH_ACKS_LATE: late ? '1' : '0',
    BENCH_VISIBILITY: String(visibilitySeconds),
    PYTHONDONTWRITEBYTECODE: '1',
  }
  const command = commandsOn(stack)
  const client = async (...args: string[]) => {
    const options = { env, cwd: import.meta.dirname }
    const { code, output } = await command(python, ['client.py', ...args], options)
    if (code !== 0) throw new Error(`Celery's client failed:\n${output.slice(-2000)}`)
  }
  const start = async (no: number): Promise<Child> => {
    const worker = `${table}-${no}@bench`
    const app = ['-m', 'celery', '-A', 'tasks', 'worker', '-l', 'warning', '-n', worker]
    const starting = startChild(python, [...app, `--concurrency=${processes}`], {
      log: join(stack.folder, `${worker}.log`),
      cwd: import.meta.dirname,
      env,
    })
    const child = await stack.closing.addStarting(starting, killGroup)
    await client('ready', worker)
    return child
  }
  await makeTable(stack.db, table)
  await client('flush')
  let worker = await start(1)
  return {
    load: () => client('load', table, ...rows.slices),
    kill: () => killGroup(worker),
    async again(loading) {
      worker = await start(2)
      await loading
    },
    async close() {
      await worker.stop('SIGQUIT', stopWaitMs)
      await killGroup(worker)
    },
  }
}
