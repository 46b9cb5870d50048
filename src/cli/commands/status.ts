/** `sluice status ID` */

import type { Command } from 'commander'
import { readConfig } from '../../config.ts'
import { toJson } from '../../domain/visible.ts'
import { type Client, createClient } from '../client.ts'
import { addJson, addLogLevel } from '../options.ts'
import { needApi } from '../settings.ts'
import { interruptible } from '../signals.ts'
import { details, outcome } from '../text.ts'
import { untilEnd } from './ingest/bring.ts'

export function declare(command: Command): void {
  command
    .argument('<id>', 'the ingest')
    .option('--follow', 'show its progress until the end')
    .action(run)
  addJson(command)
  addLogLevel(command)
}

/** An ingest that failed or was cancelled gives 1, one under way 0. */
async function run(
  id: string,
  { follow = false, json = false }: { follow?: boolean; json?: boolean },
): Promise<void> {
  const client = createClient(needApi(readConfig()), { json })
  const view = follow ? await toItsEnd(client, id, json) : await client.show(id)
  const inWords = follow ? outcome : details
  console.log(json ? toJson(view, 2) : inWords(view))
  if (view.state === 'failed' || view.state === 'cancelled' || view.problem) process.exitCode = 1
}

/** A signal ends the showing, not the ingest. */
const toItsEnd = (client: Client, id: string, json: boolean) =>
  interruptible(
    () => `${id} goes on: sluice status ${id}`,
    (signal) => untilEnd(client, id, { json, signal }),
  )
