/** `sluice janitor` */

import type { Command } from 'commander'
import { readConfig } from '../../config.ts'
import type { Findings } from '../../domain/janitor.ts'
import { toJson, visible } from '../../domain/visible.ts'
import { sluiceError } from '../../errors.ts'
import { databaseError, openDb } from '../../postgres/db.ts'
import { readJanitorFacts } from '../../postgres/ledger/janitor.ts'
import { migrate } from '../../postgres/migrate.ts'
import { connectTemporal } from '../../temporal/connect.ts'
import { runJanitor } from '../../temporal/janitor.ts'
import { addJson, addLogLevel } from '../options.ts'
import { needDatabase, needTemporal } from '../settings.ts'
import { number } from '../text.ts'

export function declare(command: Command): void {
  command.action(run)
  addJson(command)
  addLogLevel(command)
}

async function run({ json }: { json?: boolean }): Promise<void> {
  const config = readConfig()
  const server = needTemporal(config)
  const { id, queue } = await lookUp(needDatabase(config))
  if (queue === null) throw sluiceError('no_worker', {})
  const temporal = await connectTemporal(server)
  try {
    const found = await runJanitor(temporal, { id, queue })
    console.log(json ? toJson(found, 2) : inWords(visible(found)))
  } finally {
    await temporal.connection.close()
  }
}

/** The id of the schedule, by the ledger, and a served task queue; null when there is none. */
async function lookUp(databaseUrl: string): Promise<{ id: string; queue: string | null }> {
  const db = openDb(databaseUrl, { max: 2, name: 'sluice janitor' })
  try {
    await migrate(db)
    const { id, served } = await readJanitorFacts(db)
    const queue = served.has('ingest') ? 'ingest' : ([...served].sort()[0] ?? null)
    return { id, queue }
  } catch (error) {
    throw databaseError(error)
  } finally {
    await db.end()
  }
}

function inWords({
  looked,
  started = 0,
  ended,
  orphans,
  folders,
  tables,
  uploads,
  next,
}: Findings): string {
  const lines = [`Ingests that have not ended: ${number(looked)}. Orphans among them: ${ended}.`]
  if (started > 0) lines.push(`Started, which their requests had not done: ${started}.`)
  for (const { ingestId, how, state } of orphans) {
    lines.push(`  ${ingestId}: its workflow ${how}; the ingest is ${state} now`)
  }
  if (ended > orphans.length) lines.push(`  … and ${number(ended - orphans.length)} more`)
  const left = `folders of the stage ${folders}, landing tables ${tables}, uploads ${uploads}`
  lines.push(`Removed: ${left}.`)
  if (next !== null) lines.push('There are more: the next pass goes on from there.')
  return lines.join('\n')
}
