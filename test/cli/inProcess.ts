/** The command line within the test: a process of its own costs half a second of CPU. */
import { join } from 'node:path'
import { vi } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import type { Ran } from './sluice.ts'

/** What the environment of the tests may say of another Sluice. */
const ofServers = ['DATABASE_URL', 'TEMPORAL_ADDRESS', 'SLUICE_API', 'SLUICE_HOME']

/** Runs it to its end; one at a time. */
export async function inProcess(
  args: readonly string[],
  env: Record<string, string>,
): Promise<Ran> {
  for (const name of ofServers) vi.stubEnv(name, undefined)
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  const ran: Ran = { code: null, out: '', error: '' }
  const to = (where: 'out' | 'error', end: string) => (text: unknown) => {
    ran[where] += `${text}${end}`
    return true
  }
  const spies = [
    vi.spyOn(console, 'log').mockImplementation(to('out', '\n')),
    vi.spyOn(console, 'error').mockImplementation(to('error', '\n')),
    vi.spyOn(process.stdout, 'write').mockImplementation(to('out', '')),
    vi.spyOn(process.stderr, 'write').mockImplementation(to('error', '')),
  ]
  try {
    ran.code = await runProgram([process.execPath, 'sluice', ...args])
  } finally {
    for (const spy of spies) spy.mockRestore()
    vi.unstubAllEnvs()
    process.exitCode = 0
  }
  return ran
}

/** The commands of somebody who has the API, and its database as well, and nothing else of Sluice. */
export const commandsBeside =
  ({ url, folder, databaseUrl }: { url: string; folder: string; databaseUrl: string }) =>
  (...args: string[]): Promise<Ran> =>
    inProcess(args, {
      SLUICE_API: url,
      SLUICE_HOME: join(folder, 'none'),
      DATABASE_URL: databaseUrl,
    })
