/** `sluice list` */

import { type Command, Option } from 'commander'
import { readConfig } from '../../config.ts'
import { toJson } from '../../domain/visible.ts'
import { states } from '../../domain/words.ts'
import { createClient } from '../client.ts'
import { addJson, addLogLevel, integer } from '../options.ts'
import { needApi } from '../settings.ts'
import { duration, number, table, tookMs } from '../text.ts'

interface Options {
  limit: number
  before?: string
  state?: string
  json?: boolean
}

export function declare(command: Command): void {
  command
    .option('--limit <n>', 'how many, the newest first', integer(1, 200), 20)
    .option('--before <id>', 'those older than this one')
    .addOption(new Option('--state <state>', 'only those').choices(states))
    .action(run)
  addJson(command)
  addLogLevel(command)
}

async function run({ limit, before, state, json }: Options): Promise<void> {
  const client = createClient(needApi(readConfig()), { json })
  const query = {
    limit: String(limit),
    ...(before !== undefined && { before }),
    ...(state && { state }),
  }
  const page = await client.list(query)
  if (json) return console.log(toJson(page, 2))
  if (page.ingests.length === 0) return console.log('There are no ingests.')
  const rows = page.ingests.map((ingest) => [
    ingest.id,
    ingest.state,
    ingest.target ?? ingest.steps?.join(', ') ?? '',
    number(ingest.rowsLoaded),
    number(ingest.rowsRejected),
    ingest.createdAt.slice(0, 19).replace('T', ' '),
    ingest.startedAt ? duration(tookMs(ingest)) : '',
  ])
  const head = ['INGEST', 'STATE', 'TARGET', 'LOADED', 'REJECTED', 'ENTERED (UTC)', 'TOOK']
  console.log(table([head, ...rows]))
  if (page.next) console.log(`More: sluice list --before ${page.next}`)
}
