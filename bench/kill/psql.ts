/** psql by itself: one transaction for all, or a script that commits slice by slice. */
import { join } from 'node:path'
import { startChild } from '../../src/dev/process.ts'
import { copyCommand, findPsql, psqlEnv } from '../psql.ts'
import { makeTable } from '../tables.ts'
import { type Find, oneProcess, type Victim } from './victim.ts'

const stopWaitMs = 2000

export const psqlVictims: Find = async ({ stack, rows }) => {
  if ((await findPsql()) === null) {
    return { skipped: 'There is no psql on the PATH: apt install postgresql-client.' }
  }
  const attempt = async (table: string, commands: string[]) => {
    await makeTable(stack.db, table)
    const args = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', ...commands.flatMap((each) => ['-c', each])]
    const options = { env: psqlEnv(stack.databaseUrl), log: join(stack.folder, `${table}.log`) }
    return oneProcess(() =>
      stack.closing.addStarting(startChild('psql', args, options), (it) =>
        it.stop('SIGTERM', stopWaitMs),
      ),
    )
  }
  const one: Victim = {
    name: 'psql',
    label: '`psql \\copy` of the file',
    rows,
    todo: () => 'notice it; run it again, from the start',
    begin: (table) => attempt(table, [copyCommand(table, rows.path, true)]),
  }
  const loop: Victim = {
    name: 'loop',
    label: `\`psql \\copy\` of ${rows.slices.length} slices, one by one`,
    rows,
    todo: ({ twice }) =>
      twice > 0
        ? 'notice it; run again, it doubles what was in: empty the table first, or keep account of the slices'
        : 'notice it; run it again',
    begin: (table) =>
      attempt(
        table,
        rows.slices.map((path) => copyCommand(table, path, false)),
      ),
  }
  return [one, loop]
}
