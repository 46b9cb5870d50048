/** `sluice rejects ID` */

import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Command, Option } from 'commander'
import { readConfig } from '../../config.ts'
import { toJson } from '../../domain/visible.ts'
import { messageOf, sluiceError } from '../../errors.ts'
import { type Client, createClient } from '../client.ts'
import { addJson, addLogLevel, integer } from '../options.ts'
import { needApi } from '../settings.ts'
import { rejectLine } from '../text.ts'

interface Options {
  limit: number
  csv?: boolean
  all?: boolean
  json?: boolean
}

const pageMax = 1000

export function declare(command: Command): void {
  command
    .argument('<id>', 'the ingest')
    .option('--limit <n>', 'how many to show', integer(1, 1_000_000), 100)
    .addOption(
      new Option(
        '--csv',
        'all of them as CSV: file, line, column, code, constraint, error, raw',
      ).conflicts(['limit', 'json']),
    )
    .option('--all', 'also those that were loaded after all')
    .action(run)
  addJson(command)
  addLogLevel(command)
}

async function run(id: string, { limit, csv, all = false, json }: Options): Promise<void> {
  const client = createClient(needApi(readConfig()), { json })
  if (csv) return printCsv(client, id, all)
  const { rejects, next } = await read(client, id, { limit, all })
  if (json) return console.log(toJson({ rejects, next }, 2))
  if (rejects.length === 0) return console.log('There are no rejects.')
  for (const reject of rejects) console.log(rejectLine(reject))
  if (next) console.log('There are more: --limit shows more of them, --csv all of them.')
}

/** Page by page: one answer is never large. */
async function read(client: Client, id: string, { limit, all }: { limit: number; all: boolean }) {
  const rejects: Awaited<ReturnType<Client['rejects']>>['rejects'] = []
  let next: string | null = null
  do {
    const count = String(Math.min(pageMax, limit - rejects.length))
    const page: Awaited<ReturnType<Client['rejects']>> = await client.rejects(id, {
      limit: count,
      all: String(all),
      ...(next && { after: next }),
    })
    rejects.push(...page.rejects)
    next = page.next
  } while (next && rejects.length < limit)
  return { rejects, next }
}

async function printCsv(client: Client, id: string, all: boolean): Promise<void> {
  const { body } = await client.rejectsCsv(id, all)
  if (!body) return
  try {
    await pipeline(Readable.fromWeb(body as never), process.stdout, { end: false })
  } catch (error) {
    // EPIPE: the reader of the pipe, such as `head`, has ended.
    const { code, syscall } = error as NodeJS.ErrnoException
    if (code === 'EPIPE') return
    if (syscall !== 'write') throw error
    throw sluiceError('output_failed', { problem: messageOf(error) }, { cause: error })
  }
}
