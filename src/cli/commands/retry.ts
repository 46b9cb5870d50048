/** `sluice retry-rejects ID` */

import { stat } from 'node:fs/promises'
import type { Command } from 'commander'
import { readConfig } from '../../config.ts'
import { toJson } from '../../domain/visible.ts'
import { sluiceError } from '../../errors.ts'
import { type Client, createClient, type RetryNow } from '../client.ts'
import { colors } from '../colors.ts'
import { addJson, addLogLevel } from '../options.ts'
import { needApi } from '../settings.ts'
import { interruptible } from '../signals.ts'
import { number } from '../text.ts'
import { untilEnded } from '../untilEnded.ts'
import { removeFiles, sendFiles } from './ingest/send.ts'

interface Options {
  from?: string
  wait: boolean
  json?: boolean
}

export function declare(command: Command): void {
  command
    .argument('<id>', 'the ingest')
    .option('--from <csv>', 'what `sluice rejects ID --csv` wrote, with a corrected raw')
    .option('--no-wait', 'do not wait for the end')
    .action(run)
  addJson(command)
  addLogLevel(command)
}

/** 0 only if every reject that was tried is loaded. */
async function run(id: string, { from, wait, json = false }: Options): Promise<void> {
  const client = createClient(needApi(readConfig()), { json })
  let goesOn = 'Nothing was started, and nothing is left of what was sent.'
  const ended = await interruptible(
    () => goesOn,
    async (signal) => {
      const file = { path: from, quiet: json, signal }
      const uploads = await send(client, id, file)
      goesOn = `A retry may have been started: sluice status ${id}`
      const asked = await client.retryRejects(id, uploads[0] ?? null).catch(async (error) => {
        await removeFiles(client, uploads)
        throw error
      })
      goesOn = inWords(asked)
      if (!wait) return { view: asked, uploads: [] }
      return {
        view: await untilEnded(asked, () => client.retry(id, asked.id), { json, signal }),
        uploads,
      }
    },
  )
  const { view, uploads } = ended
  if (!wait) return console.log(json ? toJson(view, 2) : inWords(view))
  await removeFiles(client, uploads)
  console.log(json ? toJson(view, 2) : inWords(view))
  if (view.state !== 'completed' || view.rowsRejected > 0) process.exitCode = 1
}

async function send(
  client: Client,
  id: string,
  { path, quiet, signal }: { path: string | undefined; quiet: boolean; signal: AbortSignal },
): Promise<string[]> {
  if (path === undefined) return []
  const found = await stat(path).catch(() => null)
  if (!found?.isFile()) throw sluiceError('file_missing', { path })
  // The name differs each time: two retries of one ingest must not remove each other's file.
  const name = `${id}.retry-${Date.now().toString(36)}`
  return sendFiles(client, name, { files: [{ path, sizeBytes: found.size }], quiet, signal })
}

function inWords(view: RetryNow): string {
  const { id, ingest, state, rowsTried, rowsLoaded, rowsRejected, rowsOpen, error } = view
  if (state === 'running') return `${id} of ${ingest} is running: sluice status ${ingest}`
  if (error) {
    const hint = error.hint ? `\n  ${error.hint}` : ''
    return `${colors.red('✗')} ${id} of ${ingest} failed: nothing was loaded\n  ${error.message}${hint}`
  }
  const mark = rowsRejected === 0 ? colors.green('✓') : colors.yellow('–')
  const rejects = rowsTried === 1 ? 'reject' : 'rejects'
  const head = `${mark} ${number(rowsLoaded)} of ${number(rowsTried)} ${rejects} loaded after all`
  if (!rowsOpen) return head
  return `${head}, ${number(rowsOpen)} still open: sluice rejects ${ingest}`
}
