/** `sluice undo ID` */
import type { Command } from 'commander'
import { readConfig } from '../../config.ts'
import { toJson } from '../../domain/visible.ts'
import { createClient, type UndoNow } from '../client.ts'
import { colors } from '../colors.ts'
import { addJson, addLogLevel } from '../options.ts'
import { needApi } from '../settings.ts'
import { interruptible } from '../signals.ts'
import { inBuckets, number } from '../text.ts'
import { untilEnded } from '../untilEnded.ts'

interface Options {
  dryRun?: boolean
  wait: boolean
  json?: boolean
}

export function declare(command: Command): void {
  command
    .argument('<id>', 'the ingest, which was started with --undo')
    .option('--dry-run', 'show what would become of which rows; change nothing')
    .option('--no-wait', 'do not wait for the end')
    .action(run)
  addJson(command)
  addLogLevel(command)
}

/** 0 if the ingest is taken back, also with rows that had to stay. */
async function run(id: string, { dryRun = false, wait, json = false }: Options): Promise<void> {
  const client = createClient(needApi(readConfig()), { json })
  const view = await interruptible(
    () => `${id} may be taken back all the same: sluice status ${id}`,
    async (signal) => {
      const asked = await client.undo(id, dryRun)
      if (!wait) return asked
      return untilEnded(asked, () => client.undone(id), { json, signal })
    },
  )
  console.log(json ? toJson(view, 2) : inWords(view))
  if (view.state === 'failed') process.exitCode = 1
}

const keptShown = 20

const keptWhy = {
  changed: 'changed since',
  deleted: 'deleted since',
  taken: 'another row has its key now',
} satisfies Record<UndoNow['kept'][number]['why'], string>

function inWords(view: UndoNow): string {
  const { ingest, state, error } = view
  if (state === 'running') return `${ingest} is being taken back: sluice status ${ingest}`
  if (error) {
    const hint = error.hint ? `\n  ${error.hint}` : ''
    return `${colors.red('✗')} ${ingest} was not taken back\n  ${error.message}${hint}`
  }
  const isPlan = state === 'planned'
  const head = isPlan ? `· ${ingest} would be undone` : `${colors.green('✓')} ${ingest} undone`
  const removed = view.tableDropped ? 'removed with the table, which it had made' : 'removed'
  return [`${head}: ${inBuckets(view, removed)}`, ...keptLines(view)].join('\n')
}

function keptLines({ kept, rowsKept }: UndoNow): string[] {
  const shown = kept.slice(0, keptShown).map(({ key, why }) => {
    const named = Object.entries(key).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
    return `  ${named.join(', ')}: ${keptWhy[why]}`
  })
  const more = rowsKept - shown.length
  return shown.length > 0 && more > 0 ? [...shown, `  and ${number(more)} more`] : shown
}
