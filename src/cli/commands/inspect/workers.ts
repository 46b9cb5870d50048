/** `sluice inspect workers [worker]` */

import type { Client, Worker } from '../../client.ts'
import { colors } from '../../colors.ts'
import { duration, number, size, table } from '../../text.ts'
import type { Options, Shown } from './shown.ts'

export async function showWorkers(
  client: Client,
  name: string | undefined,
  { all = false }: Options,
): Promise<Shown> {
  if (name !== undefined) {
    const worker = await client.worker(name)
    return { json: worker, text: details(worker) }
  }
  const found = await client.workers(all)
  return { json: found, text: list(found.workers) }
}

const none = 'No worker is running. Start one: sluice worker'

function list(workers: Worker[]): string {
  if (workers.length === 0) return none
  const head = ['WORKER', 'STATE', 'QUEUES', 'SLOTS', 'CPU', 'MEMORY', 'UPTIME', 'HOST']
  const rows = workers.map((worker) => {
    const { used, total } = worker.slots
    const cells = [
      nameAmong(workers, worker),
      stateOf(worker),
      queuesOf(worker),
      `${used} of ${total}`,
      cores(worker.cpu),
      size(worker.rssBytes),
      duration(worker.uptimeSeconds * 1000),
      worker.host,
    ]
    return worker.state === 'gone' ? cells.map(colors.dim) : cells
  })
  const problems = workers.flatMap(({ worker, problem }) =>
    problem ? [colors.yellow(`! ${worker}: ${problem}`)] : [],
  )
  const lines = [table([head, ...rows]), ...problems]
  if (workers.every(({ state }) => state === 'gone')) lines.push(none)
  return lines.join('\n')
}

/** The name, and the instance where several living ones have it. */
function nameAmong(workers: Worker[], { worker, instance, state }: Worker): string {
  const isTwin = (other: Worker) =>
    other.worker === worker && other.instance !== instance && other.state !== 'gone'
  return state !== 'gone' && workers.some(isTwin) ? `${worker} (${instance})` : worker
}

export const cores = (cpu: number): string => `${cpu.toFixed(2)} cores`

function stateOf({ state, goneAt, problem }: Worker): string {
  if (goneAt) return `gone for ${duration(Math.max(0, Date.now() - Date.parse(goneAt)))}`
  return state !== 'running' || problem ? colors.yellow(state) : state
}

/** As `sluice worker --queue` takes them: a number is a limit of its own. */
const queuesOf = ({ queues }: Worker): string =>
  queues
    .map(({ queue, concurrency, shared }) =>
      shared || queues.length === 1 ? queue : `${queue}:${concurrency}`,
    )
    .join(',')

/** All that there is to know of one, a line each. */
function details(worker: Worker): string {
  const { slots, temporal, queues, tasks } = worker
  const share = (value: number) => `${Math.round(value * 100)} %`
  const facts: [string, string | null][] = [
    ['worker', worker.worker],
    ['instance', worker.instance],
    ['state', stateOf(worker)],
    ['problem', worker.problem && colors.yellow(worker.problem)],
    ['process', `${worker.pid} on ${worker.host}, Sluice ${worker.version}`],
    ['app', worker.app],
    ['steps', worker.steps.join(', ')],
    ['up', duration(worker.uptimeSeconds * 1000)],
    ['slots', `${slots.used} used, ${slots.free} free, ${slots.total} in all`],
    ...queues.map(({ queue, concurrency, shared, running }): [string, string] => [
      'queue',
      `${queue}: ${running} running, at most ${concurrency}${shared ? ', shared' : ''}`,
    ]),
    ['tasks', `${number(tasks.length)} in hand`],
    ...foundDead(worker),
    ['memory', size(worker.rssBytes)],
    ['CPU', cores(worker.cpu)],
    [
      'host',
      temporal && `CPU ${share(temporal.hostCpu)}, memory ${share(temporal.hostMemory)} in use`,
    ],
    ['Temporal', temporal && `heard from it at ${temporal.seenAt}`],
  ]
  return facts
    .filter(([, value]) => value)
    .map(([label, value]) => `${colors.dim(label.padEnd(9))} ${value}`)
    .join('\n')
}

/** Who found it dead, and what others were given, a line each. */
function foundDead({ death, state }: Worker): [string, string][] {
  if (!death) return []
  const { by, at, silentMs, cause, handedOn } = death
  const how = cause === 'killed' ? 'its session ended' : 'it did not answer'
  const lives = state === 'gone' ? '' : '; it lives after all'
  return [
    ['died', `${by} found it at ${at}: ${how}, silent for ${duration(silentMs)}${lives}`],
    ...handedOn.map(({ activity, ingestId, what, attempt }): [string, string] => [
      'handed on',
      `${activity} of ${ingestId}${what && `, ${what}`}, attempt ${attempt}`,
    ]),
  ]
}
