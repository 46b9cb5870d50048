/** What a worker does when it is told something. */
import type { Answer, Command } from '../domain/worker.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { QueueWorkers } from './queueWorkers.ts'
import type { Shutdown } from './shutdown.ts'

interface Obedient {
  queueWorkers: QueueWorkers
  shutdown: Shutdown
  log: Logger
  /** The number of tasks at once may have changed. */
  onChange(): void
}

/** Resolves when it is done; a shutdown is done when nothing is in hand any more. */
export type CommandHandler = (command: Command) => Promise<Answer>

export function createCommandHandler({
  queueWorkers,
  shutdown,
  log,
  onChange,
}: Obedient): CommandHandler {
  const does: { [K in Command['kind']]: (command: CommandOf<K>) => Promise<string> } = {
    ping: async () => 'pong',
    async concurrency({ concurrency }) {
      const resized = queueWorkers.resize(concurrency)
      onChange()
      await resized
      return `activities at once: ${concurrency}`
    },
    async queue_add({ kind: _, ...added }) {
      await queueWorkers.add(added)
      return `takes tasks from ${added.queue}`
    },
    async queue_remove({ queue }) {
      if (!queueWorkers.has(queue)) throw new Error(`it does not serve the queue ${queue}`)
      await queueWorkers.remove(queue)
      return `takes no more tasks from ${queue}; none is in hand`
    },
    async drain() {
      await queueWorkers.drain()
      return 'drained: takes no tasks, has none in hand'
    },
    async resume() {
      await queueWorkers.resume()
      return 'takes tasks again'
    },
    shutdown() {
      const left = new Promise<string>((resolve) => {
        shutdown.onLeft(async () => resolve('it has left'))
      })
      shutdown.ask('command')
      return left
    },
  }
  return async (command) => {
    log.info({ event: 'command', command }, `told: ${showCommand(command)}`)
    try {
      const message = await (does[command.kind] as (command: Command) => Promise<string>)(command)
      onChange()
      log.info({ event: 'obeyed', command }, `${showCommand(command)}: ${message}`)
      return { done: true, message }
    } catch (error) {
      return { done: false, message: messageOf(error) }
    }
  }
}

type CommandOf<K extends Command['kind']> = Extract<Command, { kind: K }>

function showCommand({ kind, ...rest }: Command): string {
  return [kind.replace('_', ' '), ...Object.values(rest)].join(' ')
}
