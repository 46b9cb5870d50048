/** `sluice where TABLE --row "id = 7"` */
import type { Command } from 'commander'
import { readConfig } from '../../config.ts'
import { toJson } from '../../domain/visible.ts'
import { createClient, type Origins } from '../client.ts'
import { addJson, addLogLevel } from '../options.ts'
import { needApi } from '../settings.ts'
import { table } from '../text.ts'

export function declare(command: Command): void {
  command
    .argument('<table>', 'a table that ingests go to: schema.table')
    .requiredOption('--row <condition>', 'which rows, as SQL: id = 7')
    .action(run)
  addJson(command)
  addLogLevel(command)
}

async function run(name: string, { row, json }: { row: string; json?: boolean }): Promise<void> {
  const found = await createClient(needApi(readConfig()), { json }).where(name, row)
  console.log(json ? toJson(found, 2) : inWords(found))
}

function inWords({ rows, isMore, table: name }: Origins): string {
  if (rows.length === 0) return `No row of ${name} meets the condition.`
  const head = ['ROW', 'INGEST', 'FILE', 'LINE']
  const lines = rows.map(({ key, ingest, file, line }) => [
    key ? Object.values(key).map(String).join(', ') : '–',
    ingest ?? 'not known',
    file ?? '–',
    line === null ? '–' : String(line),
  ])
  const more = isMore ? '\nMore rows meet the condition.' : ''
  return `${table([head, ...lines])}${more}`
}
