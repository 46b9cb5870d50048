/** `sluice steps ID` */

import type { Command } from 'commander'
import { readConfig } from '../../config.ts'
import { toJson } from '../../domain/visible.ts'
import { createClient, type Step } from '../client.ts'
import { colors } from '../colors.ts'
import { addJson, addLogLevel, integer } from '../options.ts'
import { needApi } from '../settings.ts'
import { duration, table } from '../text.ts'

export function declare(command: Command): void {
  command
    .argument('<id>', 'the ingest')
    .option('--limit <n>', 'how many', integer(1, 1000), 100)
    .option('--after <key>', 'those behind this one; the page before says it')
    .action(run)
  addJson(command)
  addLogLevel(command)
}

async function run(
  id: string,
  { limit, after, json }: { limit: number; after?: string; json?: boolean },
): Promise<void> {
  const client = createClient(needApi(readConfig()), { json })
  const page = await client.steps(id, { limit: String(limit), ...(after && { after }) })
  if (json) return console.log(toJson(page, 2))
  if (page.steps.length === 0) return console.log('No step of it has ended, if it has any.')
  const head = ['FILE', 'STEP', 'ATTEMPT', 'TOOK', 'WORKER', 'RESULT']
  console.log(table([head, ...page.steps.map(rowOf)]))
  if (page.next) console.log(`More: sluice steps ${id} --after ${page.next}`)
}

function rowOf({ file, step, attempt, startedAt, finishedAt, worker, error, result }: Step) {
  const took = finishedAt ? duration(Date.parse(finishedAt) - Date.parse(startedAt)) : ''
  const outcome = error === null ? JSON.stringify(result) : colors.red(error)
  return [file, step, String(attempt), took, worker, outcome === 'null' ? '' : outcome]
}
