/** The commands, each in a file of its own that is only read when it is meant. */
import { Command, CommanderError } from 'commander'
import { visibleLines } from '../domain/visible.ts'
import { messageOf, type SluiceError, sluiceError } from '../errors.ts'
import { ownVersion } from '../version.ts'
import { tell } from './errors.ts'
import { mustBeOnce, mustHaveText } from './once.ts'

interface CommandFile {
  /** Adds arguments, options and the action. */
  declare(command: Command): void
}

const steer = (verb: 'pause' | 'resume' | 'cancel') => async (): Promise<CommandFile> => {
  const { steering } = await import('./commands/steer.ts')
  return steering(verb)
}

const commands: Record<string, [summary: string, load: () => Promise<CommandFile>]> = {
  up: [
    'start everything on this machine, and ingest a sample or your files',
    () => import('./commands/up.ts'),
  ],
  ingest: ['bring files into a table', () => import('./commands/ingest.ts')],
  list: ['list ingests', () => import('./commands/list.ts')],
  status: ['show an ingest', () => import('./commands/status.ts')],
  steps: ['show what the steps of an ingest did', () => import('./commands/steps.ts')],
  rejects: ['show the rows that could not be taken', () => import('./commands/rejects.ts')],
  'retry-rejects': [
    'load the rejects of an ingest again, as they are or corrected',
    () => import('./commands/retry.ts'),
  ],
  undo: ['take an ingest back: its rows leave the table', () => import('./commands/undo.ts')],
  where: ['say which ingest, file and line rows came from', () => import('./commands/where.ts')],
  pause: ['start no more units of an ingest', steer('pause')],
  resume: ['go on with a paused ingest', steer('resume')],
  cancel: ['end an ingest; its target stays as it was', steer('cancel')],
  queues: [
    'list the task queues: who serves them, and what waits',
    () => import('./commands/queues.ts'),
  ],
  inspect: ['look at workers, their tasks and their queues', () => import('./commands/inspect.ts')],
  control: [
    'change workers, queues and limits while they run',
    () => import('./commands/control.ts'),
  ],
  connections: [
    'list the connections that this machine has, without their secrets, or test one',
    () => import('./commands/connections.ts'),
  ],
  worker: ['run a worker: it does what ingests need done', () => import('./commands/worker.ts')],
  api: ['run the API', () => import('./commands/api.ts')],
  janitor: [
    'end ingests whose workflow is gone, and remove what they left',
    () => import('./commands/janitor.ts'),
  ],
  migrate: ['bring the ledger schema up to date', () => import('./commands/migrate.ts')],
}

/** @returns the exit code: 0 done, 1 failed, 2 bad usage */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const json = argv.includes('--json')
  const stack = /(--log-level|-l)[ =]debug\b/.test(argv.join(' '))
  try {
    await (await createProgram(argv)).parseAsync(argv)
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (!(error instanceof CommanderError)) return tell(error, { json, stack })
    if (error.exitCode === 0) return 0
    // For people commander has said already what is wrong.
    return json ? tell(usageError(error, argv), { json, stack }) : 2
  }
}

function usageError(error: CommanderError, argv: readonly string[]): SluiceError {
  const name = argv.find((word) => Object.hasOwn(commands, word))
  const said = messageOf(error).replace(/^error: /, '')
  const problem = error.code === 'commander.help' ? 'a command is missing' : said
  return sluiceError('usage_invalid', { problem, command: name ? `sluice ${name}` : 'sluice' })
}

/** @param argv names the commands whose options are wanted */
export async function createProgram(argv: readonly string[]): Promise<Command> {
  const program = new Command('sluice')
    .description('Durable ingest into PostgreSQL: every good row exactly once.')
    .exitOverride()
    .showHelpAfterError('(--help shows how)')
    .configureOutput({
      writeErr: (text) => argv.includes('--json') || process.stderr.write(visibleLines(text)),
    })
    .configureHelp({ showGlobalOptions: true })
    .version(ownVersion, '-V, --version', 'print the version of this Sluice')
    .helpCommand(false)
  for (const [name, [summary, load]] of Object.entries(commands)) {
    const command = program.command(name).description(summary)
    if (argv.includes(name)) (await load()).declare(command)
  }
  program
    .command('help')
    .argument('[command...]', 'the command, and those within it: control queue')
    .description('show what a command takes')
    .action((names: string[]) => help(program, names))
  mustBeOnce(program)
  program.hook('preAction', (_, command) => mustHaveText(command))
  return program
}

/** What is no command is an error, with the one that was meant if there is one. */
async function help(program: Command, names: readonly string[]): Promise<void> {
  let found = program
  for (const name of names) {
    const next = found.commands.find((command) => command.name() === name)
    if (!next && found.commands.length === 0) break
    if (!next) {
      await found.parseAsync([name], { from: 'user' })
      return
    }
    found = next
  }
  found.outputHelp()
}
