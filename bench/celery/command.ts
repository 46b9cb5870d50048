/** Commands that end with the bench, whatever ends it: those of a plain `run` would go on. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { type ProcessOptions, startChild } from '../../src/dev/process.ts'
import type { Ground } from '../side.ts'

export type Command = (
  command: string,
  args: readonly string[],
  options?: ProcessOptions,
) => Promise<{ code: number | null; output: string }>

const stopWaitMs = 2000

/** Gives a command's code and its first 64 KB; one that cannot be started has the code null. */
export const commandsOn =
  ({ folder, closing }: Pick<Ground, 'folder' | 'closing'>): Command =>
  async (command, args, options = {}) => {
    const log = join(folder, `command-${randomUUID()}.log`)
    try {
      const starting = startChild(command, args, { ...options, log })
      const child = await closing.addStarting(starting, (it) => it.stop('SIGTERM', stopWaitMs))
      const { code } = await child.exited
      return { code, output: await child.printed() }
    } catch (error) {
      return { code: null, output: (error as Error).message }
    }
  }

/** What a failed command said last. */
export const lastWords = (output: string): string =>
  (output.match(/^.*error.*$/gim)?.at(-1) ?? output.slice(-300)).trim()
