/** `sluice inspect active [worker]` and `sluice inspect scheduled` */

import type { ActiveTask, Client, ScheduledTask } from '../../client.ts'
import { colors } from '../../colors.ts'
import { duration, number, plural, size, table } from '../../text.ts'
import type { Shown } from './shown.ts'

export async function showActive(client: Client, name: string | undefined): Promise<Shown> {
  const { tasks } = await client.active()
  if (name === undefined) return { json: { tasks }, text: listActive(tasks) }
  const { instance } = await client.worker(name)
  const own = tasks.filter((task) => task.instance === instance)
  return { json: { tasks: own }, text: listActive(own) }
}

function listActive(tasks: ActiveTask[]): string {
  if (tasks.length === 0) return 'No task is in hand.'
  const head = ['WORKER', 'ACTIVITY', 'INGEST', 'WHAT', 'QUEUE', 'ATTEMPT', 'FOR', 'SO FAR']
  const rows = tasks.map((task) => [
    task.worker,
    task.activity,
    task.ingestId,
    task.what,
    task.queue,
    task.attempt > 1 ? colors.yellow(number(task.attempt)) : number(task.attempt),
    task.seconds === null ? colors.yellow('waits for a slot') : duration(task.seconds * 1000),
    soFar(task),
  ])
  return table([head, ...rows])
}

function soFar({ copied, progress }: ActiveTask): string {
  if (copied) {
    const skipped = copied.skipped > 0 ? `, ${number(copied.skipped)} rejected` : ''
    return `${plural(copied.rows, 'row')}${skipped}, ${size(copied.sizeBytes)}`
  }
  if (typeof progress === 'number' && progress >= 0 && progress <= 1) {
    return `${Math.round(progress * 100)} %`
  }
  return progress === null ? '' : String(progress)
}

export async function showScheduled(client: Client): Promise<Shown> {
  const { tasks } = await client.scheduled()
  return { json: { tasks }, text: listScheduled(tasks) }
}

function listScheduled(tasks: ScheduledTask[]): string {
  if (tasks.length === 0) return 'Nothing waits for another attempt.'
  const head = ['INGEST', 'ACTIVITY', 'QUEUE', 'ATTEMPT', 'IN', 'ERROR']
  const rows = tasks.map(({ ingestId, activity, queue, attempt, nextAttemptAt, error }) => [
    ingestId,
    activity,
    queue,
    number(attempt),
    nextAttemptAt ? duration(Math.max(0, Date.parse(nextAttemptAt) - Date.now())) : 'due',
    error.slice(0, 200),
  ])
  return table([head, ...rows])
}
