/** The command line as its users have it: a process of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export const program = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url))

export interface Ran {
  code: number | null
  out: string
  error: string
}

/** Without what the environment of the tests may say of another Sluice; see test/compile.ts. */
export function environment(more: Record<string, string>): NodeJS.ProcessEnv {
  const { DATABASE_URL, TEMPORAL_ADDRESS, SLUICE_API, SLUICE_HOME, FORCE_COLOR, ...rest } =
    process.env
  return { ...rest, NO_COLOR: '1', SLUICE_DIST: '1', ...more }
}

interface Where {
  env?: Record<string, string>
  cwd?: string
}

/** Runs it to its end. */
export const sluice = (args: readonly string[], where: Where = {}): Promise<Ran> =>
  runNode([program, ...args], where)

/** Runs a program of Node to its end. */
export async function runNode(args: readonly string[], { env = {}, cwd }: Where): Promise<Ran> {
  const child = spawn(process.execPath, args, {
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd && { cwd }),
  })
  let out = ''
  let error = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (error += chunk))
  const [code] = await once(child, 'close')
  return { code, out, error }
}
