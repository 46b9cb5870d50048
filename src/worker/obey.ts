/** What a worker does when it is told something. */
import type { Answer, Command } from '../domain/worker.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Leave } from './leave.ts'
import type { Seats } from './seats.ts'

interface Obedient {
  seats: Seats
  leave: Leave
  log: Logger
  /** The number of tasks at once may have changed. */
  onChange(): void
}

/** Resolves when it is done; a shutdown is done when nothing is in hand any more. */
export type Obey = (command: Command) => Promise<Answer>

export function createObey({ seats, leave, log, onChange }: Obedient): Obey {
  const does: { [K in Command['kind']]: (command: CommandOf<K>) => Promise<string> } = {
    ping: async () => 'pong',
    async concurrency({ concurrency }) {
      const resized = seats.resize(concurrency)
      onChange()
      await resized
      return `activities at once: ${concurrency}`
    },
    async queue_add({ kind: _, ...added }) {
      await seats.add(added)
      return `takes tasks from ${added.queue}`
    },
    async queue_remove({ queue }) {
      if (!seats.has(queue)) throw new Error(`it does not serve the queue ${queue}`)
      await seats.remove(queue)
      return `takes no more tasks from ${queue}; none is in hand`
    },
    async drain() {
      await seats.drain()
      return 'drained: takes no tasks, has none in hand'
    },
    async resume() {
      await seats.resume()
      return 'takes tasks again'
    },
    shutdown() {
      const left = new Promise<string>((resolve) => {
        leave.onLeft(async () => resolve('it has left'))
      })
      leave.ask('command')
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
