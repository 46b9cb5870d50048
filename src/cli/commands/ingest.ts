/** `sluice ingest SOURCE… --into schema.table` */

import { type Command, Option } from 'commander'
import { readConfig } from '../../config.ts'
import { toJson } from '../../domain/visible.ts'
import { isOver } from '../../domain/words.ts'
import { sluiceError } from '../../errors.ts'
import { createClient, type IngestNow } from '../client.ts'
import { addJson, addLogLevel } from '../options.ts'
import { isOwnMachine, needApi, ownToken } from '../settings.ts'
import { interruptible } from '../signals.ts'
import { addSpecOptions, specOf } from '../specOptions.ts'
import { outcome } from '../text.ts'
import { type Stage, submit, untilEnd } from './ingest/bring.ts'
import { removeFiles } from './ingest/send.ts'
import { findSources } from './ingest/sources.ts'

interface Options {
  dryRun?: boolean
  wait: boolean
  upload?: boolean
  connection?: string
  query?: string
  list?: boolean
  name?: string
  json?: boolean
}

export function declare(command: Command): void {
  command.argument(
    '<source...>',
    'files, folders or globs; addresses: https://…, postgres://CONNECTION/schema.table; or - for standard input',
  )
  addSpecOptions(command)
    .option('--upload', 'send the files even where the worker could read them')
    .option('--connection <name>', 'the connection that has the login of the addresses')
    .option('--query <sql>', 'one SELECT, where the source is a database: postgres://CONNECTION')
    .option('--list', 'the file has an address a line: these are the files')
    .option('--name <name>', 'what standard input is called: its format may follow from it')
    .addOption(
      new Option('--dry-run', 'show how the files would be read; load nothing').conflicts([
        'upload',
        'wait',
      ]),
    )
    .option('--no-wait', 'do not wait for the end')
    .action(run)
  addJson(command)
  addLogLevel(command)
}

async function run(sources: string[], options: Options, command: Command): Promise<void> {
  const { json = false, upload = false, connection, query, list, name } = options
  const { source: selection = {}, ...spec } = specOf(command)
  const said = { given: { connection, query, selection }, list, name }
  if (!spec.target?.table && !spec.targets && !spec.steps) {
    const problem = 'The target is missing: --into schema.table'
    throw sluiceError('usage_invalid', { problem, command: 'sluice ingest' })
  }
  const config = readConfig()
  if (options.dryRun) {
    const { dryRun } = await import('./ingest/dryRun.ts')
    const here = { isOwnMachine: true, upload: false, hasSteps: false, ...said }
    const found = await findSources(sources, here)
    if ('source' in found) return dryRun({ ...spec, source: found.source }, config, { json })
    const problem = 'A dry run reads a file more than once: write what comes out to one'
    throw sluiceError('usage_invalid', { problem, command: 'sluice ingest' })
  }
  const client = createClient(needApi(config), { token: ownToken(config), json })
  const found = await findSources(sources, {
    isOwnMachine: isOwnMachine(config),
    upload,
    hasSteps: spec.steps !== undefined,
    ...said,
  })
  let stage = { what: 'sending' } as Stage
  let told: string | null = null
  const tellId = (id: string) => {
    if (!json && told === null) console.log(`ingest ${id}`)
    told = id
  }
  const onStage = (now: Stage) => {
    stage = now
    if (now.what === 'sending' && 'id' in now) tellId(now.id)
  }
  const words = () => whatGoesOn(stage)
  const ended = await interruptible(words, async (signal) => {
    const how = { found, quiet: json, signal, onStage }
    const { uploads, ...accepted } = await submit(client, spec, how)
    if (!options.wait) return tellAccepted(accepted, json)
    tellId(accepted.id)
    const wasOver = isOver(accepted.state)
    return { view: await untilEnd(client, accepted.id, { json, signal }), uploads, wasOver }
  })
  if (!ended) return
  const { view, uploads, wasOver } = ended
  // One that has not ended may still be started, or started again.
  if (view.endedAt) await removeFiles(client, uploads)
  console.log(json ? toJson(view, 2) : outcome(view))
  if (wasOver && !json) console.log(alreadyOver(view))
  if (view.state !== 'completed') process.exitCode = 1
}

function tellAccepted(accepted: { id: string; state: string }, json: boolean): void {
  const { id, state } = accepted
  const words = `ingest ${id} is ${state}. Follow it: ${followHint(id)}`
  console.log(json ? toJson(accepted, 2) : words)
}

/** One id is one ingest: sent again, it tells what came of it the first time. */
const alreadyOver = ({ id, state, endedAt }: IngestNow): string =>
  `${id} was ${state} already at ${endedAt}: nothing was loaded now, not even if the files are others. ` +
  'To load them, give another --id, or none.'

const followHint = (id: string): string => `sluice status ${id} --follow`

/** A signal ends the waiting, not the ingest. */
function whatGoesOn(stage: Stage): string {
  if (stage.what === 'sending') return 'Nothing was started, and nothing is left of what was sent.'
  if (!('id' in stage)) return 'It may have been started: sluice list'
  const { id } = stage
  return `${id} goes on without us. Follow it: ${followHint(id)}\nEnd it: sluice cancel ${id}`
}
