/** `sluice inspect stats [worker]` and `sluice inspect registered [worker]` */

import type { Client, Worker } from '../../client.ts'
import { colors } from '../../colors.ts'
import { duration, number, size, table } from '../../text.ts'
import type { Shown } from './shown.ts'
import { cores } from './workers.ts'

/** One that is named may be gone; without a name those that live are meant. */
async function meant(client: Client, name: string | undefined): Promise<Worker[]> {
  if (name !== undefined) return [await client.worker(name)]
  return (await client.workers()).workers.filter(({ state }) => state !== 'gone')
}

export async function showStats(client: Client, name: string | undefined): Promise<Shown> {
  const workers = await meant(client, name)
  const json = workers.map(({ worker, instance, state, uptimeSeconds, rssBytes, cpu, totals }) => ({
    worker,
    instance,
    state,
    uptimeSeconds,
    rssBytes,
    cpu,
    totals,
  }))
  return { json: { workers: json }, text: orNone(workers.map(statsOf)) }
}

function statsOf(worker: Worker): string {
  const facts = [duration(worker.uptimeSeconds * 1000), size(worker.rssBytes), cores(worker.cpu)]
  const head = ['  ACTIVITY', 'SUCCEEDED', 'FAILED', 'RETRIED', 'CANCELLED', 'ON AVERAGE']
  const rows = Object.entries(worker.totals).map(([activity, totals]) => {
    const { succeeded, failed, retried, cancelled, seconds } = totals
    const ended = succeeded + failed + retried + cancelled
    return [
      `  ${activity}`,
      number(succeeded),
      failed > 0 ? colors.yellow(number(failed)) : '0',
      number(retried),
      number(cancelled),
      ended > 0 ? duration((seconds / ended) * 1000) : '',
    ]
  })
  const title = `${colors.bold(worker.worker)}  up ${facts.join(', ')}`
  return rows.length > 0 ? `${title}\n${table([head, ...rows])}` : `${title}\n  no task has ended`
}

export async function showRegistered(client: Client, name: string | undefined): Promise<Shown> {
  const workers = await meant(client, name)
  const json = workers.map(({ worker, instance, version, app, steps, activities }) => ({
    worker,
    instance,
    version,
    app,
    steps,
    activities,
  }))
  return { json: { workers: json }, text: orNone(workers.map(registeredOf)) }
}

function registeredOf({ worker, version, app, steps, activities }: Worker): string {
  const lines = [`${colors.bold(worker)}  Sluice ${version}${app ? `, app ${app}` : ', no app'}`]
  lines.push(`  activities  ${activities?.join(', ') ?? `those of version ${version}`}`)
  if (steps.length > 0) lines.push(`  steps       ${steps.join(', ')}`)
  return lines.join('\n')
}

const orNone = (texts: string[]): string =>
  texts.length > 0 ? texts.join('\n') : 'No worker is running. Start one: sluice worker'
