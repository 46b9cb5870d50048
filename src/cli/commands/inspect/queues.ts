/** `sluice inspect queues [queue]`, and `sluice queues` */

import type { Client, Queue } from '../../client.ts'
import { colors } from '../../colors.ts'
import { duration, number, table } from '../../text.ts'
import type { Shown } from './shown.ts'

export async function showQueues(client: Client, name: string | undefined): Promise<Shown> {
  if (name !== undefined) {
    const queue = await client.queue(name)
    return { json: queue, text: list([queue]) }
  }
  const found = await client.queues()
  return { json: found, text: list(found.queues) }
}

function list(queues: Queue[]): string {
  if (queues.length === 0) return 'There are no task queues. Start a worker: sluice worker'
  const head = ['QUEUE', 'WORKERS', 'SLOTS', 'WAITING', 'OLDEST', 'IN/S', 'OUT/S', 'LIMIT']
  const rows = queues.map((queue) => {
    const cells = cellsOf(queue)
    if (queue.problem) return cells.map(colors.red)
    return queue.served ? cells : cells.map(colors.dim)
  })
  const problems = queues.flatMap(({ queue, problem }) =>
    problem ? [colors.red(`! ${queue}: ${problem} Start one: sluice worker --queue ${queue}`)] : [],
  )
  const lines = [table([head, ...rows]), ...problems]
  if (queues.some(({ activities }) => !activities)) {
    lines.push(colors.yellow('Temporal does not answer: what waits is not known.'))
  }
  return lines.join('\n')
}

function cellsOf({ queue, workers, slots, activities, workflows, rateLimit }: Queue): string[] {
  const isKnown = activities && workflows
  const oldest = isKnown ? Math.max(activities.oldestSeconds, workflows.oldestSeconds) : 0
  return [
    queue,
    number(workers.length),
    slots.total > 0 ? `${slots.running} of ${slots.total}` : '',
    isKnown ? number(activities.waiting + workflows.waiting) : '?',
    oldest > 0 ? duration(oldest * 1000) : '',
    activities ? rate(activities.addRate) : '?',
    activities ? rate(activities.dispatchRate) : '?',
    rateLimit ? perSecond(rateLimit.perSecond) : '',
  ]
}

const rate = (value: number): string => (value > 0 ? value.toFixed(1) : '')

/** `10/s`; slow ones by the minute. */
export const perSecond = (value: number): string =>
  value >= 0.1 ? `${Number(value.toFixed(2))}/s` : `${Number((value * 60).toFixed(2))}/m`
