/** `sluice inspect …`: looks at workers, their tasks and their queues. */

import type { Command } from 'commander'
import { readConfig } from '../../config.ts'
import { toJson } from '../../domain/visible.ts'
import { type Client, createClient } from '../client.ts'
import { addJson, addLogLevel } from '../options.ts'
import { needApi } from '../settings.ts'
import { timeoutOption } from './control/tell.ts'
import type { Options, Shown } from './inspect/shown.ts'

type Look = (client: Client, name: string | undefined, options: Options) => Promise<Shown>

interface View {
  summary: string
  argument?: [name: string, description: string]
  load: () => Promise<Look>
}

const worker: View['argument'] = ['[worker]', 'only this one: its name, or its instance']

const views: Record<string, View> = {
  workers: {
    summary: 'who they are, what they serve, how they are',
    argument: worker,
    load: async () => (await import('./inspect/workers.ts')).showWorkers,
  },
  active: {
    summary: 'tasks that workers have in hand, the oldest first',
    argument: worker,
    load: async () => (await import('./inspect/tasks.ts')).showActive,
  },
  scheduled: {
    summary: 'activities that failed, and wait for their next attempt',
    load: async () => (await import('./inspect/tasks.ts')).showScheduled,
  },
  queues: {
    summary: 'task queues: who serves them, and what waits',
    argument: ['[queue]', 'only this one'],
    load: async () => (await import('./inspect/queues.ts')).showQueues,
  },
  stats: {
    summary: 'tasks done since the start, memory, CPU, uptime',
    argument: worker,
    load: async () => (await import('./inspect/stats.ts')).showStats,
  },
  registered: {
    summary: 'what a worker can do: its activities, and the steps of its app',
    argument: worker,
    load: async () => (await import('./inspect/stats.ts')).showRegistered,
  },
  ping: {
    summary: 'ask living workers for an answer, and show how long it took',
    argument: worker,
    load: async () => (await import('./inspect/ping.ts')).showPing,
  },
}

export function declare(command: Command): void {
  for (const name of Object.keys(views)) addView(command.command(name), name)
}

/** Makes a command of one of the views; `queues` is one by itself, too. */
export function addView(command: Command, name: string): void {
  const { summary, argument, load } = views[name] as View
  command.description(summary)
  if (argument) command.argument(...argument)
  if (name === 'workers') {
    command.option('--all', 'also those that have been gone for more than ten minutes')
  }
  if (name === 'ping') command.addOption(timeoutOption())
  addJson(command)
  addLogLevel(command)
  command.action(async (...args: unknown[]) => {
    const [named, options] = argument ? args : [undefined, args[0]]
    const look = await load()
    const client = createClient(needApi(readConfig()), { json: (options as Options).json })
    const { json, text } = await look(client, named as string | undefined, options as Options)
    console.log((options as Options).json ? toJson(json, 2) : text)
  })
}
