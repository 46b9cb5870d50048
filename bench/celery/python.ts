/** A Python of the bench's own with what it needs in it, made once and kept in bench/data. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Skip } from '../side.ts'
import { type Command, lastWords } from './command.ts'

export interface Python {
  command: string
  versions: Record<string, string>
}

export interface Wanted {
  /** What the environment is for. */
  name: string
  /** A file for pip, with exact versions. */
  requirements: string
  /** The modules whose versions are told. */
  modules: string[]
}

export interface WantedHere extends Wanted {
  /** The folder of the environments. */
  cache: string
}

export const celeryPython: Wanted = {
  name: 'Celery',
  requirements: join(import.meta.dirname, 'requirements.txt'),
  modules: ['celery'],
}

const tellVersions = (modules: string[]): string =>
  `import json, platform, ${modules.join(', ')}; print(json.dumps({` +
  modules.map((name) => `"${name}": ${name}.__version__, `).join('') +
  '"python": platform.python_version()}))'

/** Other requirements make another environment. */
export async function findPython(
  wanted: WantedHere,
  command: Command,
  say: (line: string) => void,
): Promise<Python | Skip> {
  const { name, requirements, cache } = wanted
  const hash = createHash('sha256').update(await readFile(requirements))
  const folder = join(cache, `venv-${hash.digest('hex').slice(0, 12)}`)
  const found = await look(folder, wanted, command)
  if (found) return found
  say(`${name}: installing it into bench/data …`)
  const problem = await make(folder, wanted, command)
  if (problem) return { skipped: problem }
  return (
    (await look(folder, wanted, command)) ?? {
      skipped: `What pip installed does not run.${advice}`,
    }
  )
}

const pythonOf = (folder: string): string => join(folder, 'bin/python')
const doneMark = (folder: string): string => join(folder, 'complete')
const advice = ' It needs Python 3.10 or newer, and a network the first time.'

async function look(folder: string, { modules }: Wanted, command: Command): Promise<Python | null> {
  if ((await readFile(doneMark(folder)).catch(() => null)) === null) return null
  const { code, output } = await command(pythonOf(folder), ['-c', tellVersions(modules)])
  return code === 0 ? { command: pythonOf(folder), versions: JSON.parse(output) } : null
}

/** @returns what went wrong */
async function make(
  folder: string,
  { requirements }: Wanted,
  command: Command,
): Promise<string | null> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const made = await command('python3', ['-m', 'venv', folder])
  if (made.code === null) return `There is no python3 on the PATH: install Python.${advice}`
  if (made.code !== 0) {
    return 'python3 makes no virtual environment. On Debian: apt install python3-venv.'
  }
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input']
  const pip = ['-m', 'pip', 'install', ...quiet, '--requirement', requirements]
  const installed = await command(pythonOf(folder), pip)
  if (installed.code !== 0) return `pip failed: ${lastWords(installed.output)}.${advice}`
  await writeFile(doneMark(folder), '')
  return null
}
