/** `sluice control …`: changes workers, queues and limits while they run. */

import { type Command as CliCommand, InvalidArgumentError } from 'commander'
import { readConfig } from '../../config.ts'
import { toJson, visible } from '../../domain/visible.ts'
import type { Command } from '../../domain/worker.ts'
import { sluiceError } from '../../errors.ts'
import { type Client, createClient } from '../client.ts'
import { addJson, addLogLevel, integer } from '../options.ts'
import { needApi } from '../settings.ts'
import { choose, showAnswers, tell, timeoutOption } from './control/tell.ts'
import { perSecond as showRate } from './inspect/queues.ts'
import { queue } from './worker/parse.ts'

interface Options {
  worker?: string
  all?: boolean
  timeout: number
  json?: boolean
}

/** What ends with the last task in hand takes its time. */
const patientSeconds = 60

export function declare(command: CliCommand): void {
  command.addHelpText('after', examples)
  const concurrency = command
    .command('concurrency')
    .description('run that many tasks at once')
    .argument('<n>', 'over the queues that share the limit', integer(1, 1000))
  addTell(concurrency, (n: number) => ({ kind: 'concurrency', concurrency: n }))
  const queues = command.command('queue').description('serve one more task queue, or one less')
  const add = queues
    .command('add')
    .description('take tasks from one more queue')
    .argument('<queue>', 'its name; video_tasks:2 has a limit of its own', queue)
  addTell(add, (added: { queue: string; concurrency?: number }) => ({
    kind: 'queue_add',
    ...added,
  }))
  const remove = queues
    .command('remove')
    .description('take no more tasks from a queue; those in hand run to their end')
    .argument('<queue>', 'its name')
  addTell(remove, (name: string) => ({ kind: 'queue_remove', queue: name }), patientSeconds)
  addSimple(command, 'drain', 'take no more tasks; those in hand run to their end')
  addSimple(command, 'resume', 'take tasks again after a drain')
  addSimple(command, 'shutdown', 'end what is in hand or hand it back, and end the process')
  addRateLimit(command)
  addBudget(command)
}

const examples = `
Examples:
  sluice control concurrency 8                 the only worker runs 8 tasks at once
  sluice control queue add video_tasks:2 w1    w1 takes tasks from video_tasks, two at once
  sluice control rate-limit ingest 10/s        at most 10 activities start in a second
  sluice control budget 4                      at most 4 units load at once, over all workers
  sluice control drain --all                   no worker takes tasks any more

Names are those of \`sluice inspect workers\`.`

function addSimple(
  command: CliCommand,
  kind: 'drain' | 'resume' | 'shutdown',
  description: string,
): void {
  const preset = kind === 'resume' ? undefined : patientSeconds
  addTell(command.command(kind).description(description), () => ({ kind }), preset)
}

/** @param commandOf what is said, from the argument if there is one */
function addTell<A>(
  command: CliCommand,
  commandOf: (argument: A) => Command,
  timeoutSeconds?: number,
): void {
  command
    .argument('[worker]', 'which one: its name, or its instance; not needed when only one lives')
    .option('--worker <name>', 'the same as [worker]')
    .option('--all', 'every worker that lives')
    .addOption(timeoutOption(timeoutSeconds))
    .action(async (...args: unknown[]) => {
      // Commander gives the arguments, then the options, then the command.
      const options = args.at(-2) as Options
      const named = args.slice(0, -2)
      const worker = nameOf(named.pop() as string | undefined, options)
      const { all, timeout, json } = options
      const client = connect(json)
      const workers = await choose(client, { worker, all })
      const answers = await tell(client, workers, { command: commandOf(named[0] as A), timeout })
      console.log(json ? toJson({ answers }, 2) : showAnswers(visible(answers)))
    })
  addJson(command)
  addLogLevel(command)
}

const connect = (json?: boolean): Client => createClient(needApi(readConfig()), { json })

function nameOf(argument: string | undefined, { worker, all }: Options): string | undefined {
  const names = [...new Set([argument, worker])].filter((name) => name !== undefined)
  if (names.length + Number(all ?? false) <= 1) return names[0]
  const problem = 'Name one worker, or give --all, but not both'
  throw sluiceError('usage_invalid', { problem, command: 'sluice control' })
}

function addRateLimit(command: CliCommand): void {
  const limit = command
    .command('rate-limit')
    .description('limit how many activities of a queue start, over all its workers')
    .argument('<queue>', 'its name')
    .argument('<rate>', '10/s, 30/m, 100/h, or none', rate)
    .option('--reason <text>', 'shown to those who wonder')
    .action(async (name: string, max: number | 'none', { json, reason }) => {
      const shown = await connect(json).limitQueue(name, {
        perSecond: max === 'none' ? null : max,
        ...(reason && { reason }),
      })
      const now = shown.rateLimit
        ? `at most ${showRate(shown.rateLimit.perSecond)} start, over all its workers`
        : 'no rate limit'
      console.log(json ? toJson(shown, 2) : `${name}: ${now}.`)
    })
  addJson(limit)
  addLogLevel(limit)
}

/** @returns a second; commander takes a null for an argument that is missing */
function rate(text: string): number | 'none' {
  if (text === 'none') return 'none'
  const [, value, unit = 's'] = /^(\d+(?:\.\d+)?)(?:\/([smh]))?$/.exec(text) ?? []
  const perSecond = Number(value) / { s: 1, m: 60, h: 3600 }[unit as 's' | 'm' | 'h']
  if (perSecond > 0) return perSecond
  throw new InvalidArgumentError('Write it as 10/s, 30/m or 100/h, or none.')
}

function addBudget(command: CliCommand): void {
  const budget = command
    .command('budget')
    .description('limit how many units load at once, over all workers and ingests')
    .argument('[units]', 'a number, or none; without it the budget is shown', units)
    .action(async (max: number | 'none' | undefined, { json }) => {
      const client = connect(json)
      const unitsMax = max === 'none' ? null : max
      const now =
        unitsMax === undefined ? await client.budget() : await client.setBudget({ unitsMax })
      const words =
        now.unitsMax === null
          ? 'No budget: as many units load at once as the workers take.'
          : `At most ${now.unitsMax} units load at once, over all workers and ingests.`
      console.log(json ? toJson(now, 2) : words)
    })
  addJson(budget)
  addLogLevel(budget)
}

const units = (text: string): number | 'none' => (text === 'none' ? text : integer(1, 10_000)(text))
