/** `sluice migrate` */
import type { Command } from 'commander'
import { readConfig } from '../../config.ts'
import { databaseError, openDb } from '../../postgres/db.ts'
import { migrate } from '../../postgres/migrate.ts'
import { addJson, addLogLevel } from '../options.ts'
import { needDatabase } from '../settings.ts'

export function declare(command: Command): void {
  command.action(run)
  addJson(command)
  addLogLevel(command)
}

async function run({ json }: { json?: boolean }): Promise<void> {
  const db = openDb(needDatabase(readConfig()), { max: 2, name: 'sluice migrate' })
  try {
    const applied = await migrate(db)
    if (json) console.log(JSON.stringify({ applied }))
    else if (applied.length === 0) console.log('The ledger is up to date.')
    else for (const name of applied) console.log(`applied ${name}`)
  } catch (error) {
    throw databaseError(error)
  } finally {
    await db.end()
  }
}
