/** What the manifests have workers do, as `sluice worker` itself reads its command line. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { declare } from '../../src/cli/commands/worker.ts'
import { readTemporalSettings } from '../../src/settings/temporal.ts'

export const root = fileURLToPath(new URL('../../', import.meta.url))
export const read = (path: string) => readFile(join(root, path), 'utf8')

interface Options {
  queue: { queue: string }[]
  concurrency: number
  /** In milliseconds. */
  grace: number
  name: string
  app?: string
}

/** @throws what the command line would say, also to flags that it does not know */
export function workerOptions([command, ...args]: string[]): Options {
  const worker = new Command('worker').exitOverride()
  declare(worker)
  const { operands, unknown } = worker.parseOptions(args)
  if (command === 'worker' && operands.length + unknown.length === 0) return worker.opts<Options>()
  throw new Error(`sluice does not know: ${[command, ...operands, ...unknown].join(' ')}`)
}

/** A worker that was told to stop is gone after its grace time and what letting go may take. */
export async function goneAfterSeconds({ grace }: Options): Promise<number> {
  const letGoMs = /letGoMs = ([\d_]+)/.exec(await read('src/worker/shutdown.ts'))![1]
  return (grace + Number(letGoMs!.replaceAll('_', ''))) / 1000
}

/** Connections to PostgreSQL that a process opens at most: the pools of src/worker and src/api. */
export const connections = {
  worker: ({ concurrency }: Options) => 2 * concurrency + 2,
  api: 11,
}

/** @returns the variables that no process would read */
export async function unreadVariables(names: string[]): Promise<string[]> {
  const config = await read('src/config.ts')
  const isRead = (name: string) => new RegExp(`(env\\.|')${name}\\b`).test(config)
  // The SDK reads those of Temporal.
  const isOfTemporal = (name: string) =>
    Object.keys(readTemporalSettings({ [name]: 'x' })).length > 0
  return names.filter((name) => !isRead(name) && !isOfTemporal(name))
}
