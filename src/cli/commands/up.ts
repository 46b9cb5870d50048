/** `sluice up [FILE…]`: everything on this machine, until Ctrl-C. */
import type { Command } from 'commander'
import { readConfig, type UpFile } from '../../config.ts'
import { type SluiceError, sluiceError } from '../../errors.ts'
import { addLogLevel } from '../options.ts'
import { interruptible, onSignals } from '../signals.ts'
import { addSpecOptions, specOf } from '../specOptions.ts'
import { bringFirst, bringRequest, readRequest, type UpRequest } from './up/request.ts'
import { Running } from './up/running.ts'
import { showUp } from './up/show.ts'
import { startStack } from './up/stack.ts'

export function declare(command: Command): void {
  command
    .argument('[file...]', 'files, folders or globs to ingest once it is up')
    .option('-A, --app <module>', 'a module that exports steps, for its worker')
  addSpecOptions(command).action(run)
  addLogLevel(command)
}

interface Options {
  app?: string
}

async function run(files: string[], options: Options, command: Command): Promise<void> {
  const request = await readRequest(files, specOf(command))
  const config = readConfig()
  if (config.up) {
    if (options.app !== undefined) throw ofRunning(config.up)
    return useRunning(config.up, request)
  }
  const running = new Running()
  const stopping = new AbortController()
  const { app } = options
  const starting = startStack(config, running, { stopping: stopping.signal, ...(app && { app }) })
  const work = starting.then(async ({ up, broken }) => {
    await Promise.race([broken, bringFirst(up, request, stopping.signal)])
    if (!stopping.signal.aborted) {
      console.log('\nSluice is up. Ctrl-C stops everything.')
      showUp(up)
    }
    await broken
  })
  const failure = await Promise.race([untilStop(running, starting), failureOf(work)])
  stopping.abort()
  // What is just starting can only be stopped when it has started.
  await starting.catch(() => {})
  await running.stop()
  if (failure !== null) throw failure
  console.log('Stopped.')
}

const failureOf = (work: Promise<unknown>): Promise<unknown> => work.catch((error) => error)

/** Resolves at the first signal; the next one ends everything at once. */
const untilStop = (running: Running, starting: Promise<unknown>): Promise<null> =>
  new Promise((resolve) => {
    const kill = async (code: number) => {
      await starting.catch(() => {})
      await running.kill()
      process.exit(code)
    }
    onSignals(
      () => {
        console.log('\nStopping: worker, API, Temporal, PostgreSQL. Ctrl-C again kills them.')
        resolve(null)
      },
      (code) => void kill(code),
    )
  })

/** Its worker has the steps that it was started with. */
function ofRunning({ pid }: UpFile): SluiceError {
  const problem = `Sluice is up here already, as process ${pid}, without this --app: sluice worker --app serves it`
  return sluiceError('usage_invalid', { problem, command: 'sluice up' })
}

/** Another `up` has this home: its stack takes the files as well. */
async function useRunning(up: UpFile, request: UpRequest | null): Promise<void> {
  console.log(`Sluice is up here already, as process ${up.pid}.`)
  if (!request) return showUp(up)
  console.log('It takes this ingest.')
  const words = () => 'What was started goes on: sluice list'
  const view = await interruptible(words, (signal) => bringRequest(up, request, signal))
  if (view.state !== 'completed') process.exitCode = 1
}
