/**
 * Runs some short tests on every release line of Node that users have: `npm run test:nodes`, or
 * `npm run test:nodes -- 22 26` for some of them. Each comes from the npm registry, into .cache/.
 *
 * The tests are those of the verbs, of the formats and of the workflow, and two that load with
 * worker processes: what Node itself does otherwise from line to line shows there.
 */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { arch, platform } from 'node:os'
import { dirname, join } from 'node:path'
import { run } from './run.mjs'

const root = dirname(import.meta.dirname)
const shown = { cwd: root, stdio: 'inherit' }

/** The lines, and which version of each: `engines` of package.json is the oldest. */
const versions = { 20: '20.19.6', 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' }

const tests = [
  'test/activities',
  'test/cli/usage',
  'test/domain',
  'test/formats',
  'test/ingest/killTypes',
  'test/replay',
  'test/sources',
  'test/stage',
  'test/unpack',
  'test/workflows',
]

const asked = process.argv.slice(2)
const unknown = asked.find((line) => !Object.hasOwn(versions, line))
if (unknown !== undefined) {
  console.error(`There is no line ${unknown} here: ${Object.keys(versions).join(', ')}.`)
  process.exit(2)
}
const lines = asked.length > 0 ? asked : Object.keys(versions)
const failed = []
for (const line of lines) {
  const version = versions[line]
  console.log(`\nNode ${version}`)
  const program = await install(version)
  const { code } = await run(program, [join(root, 'scripts/test.mjs'), ...tests], shown)
  if (code !== 0) failed.push(version)
}
console.log(
  failed.length > 0 ? `\nFailed on Node ${failed.join(', ')}.` : `\nPassed on ${lines.join(', ')}.`,
)
process.exitCode = failed.length > 0 ? 1 : 0

/** @returns the path of its program */
async function install(version) {
  const system = platform() === 'win32' ? 'win' : platform()
  const name = `node-${system}-${arch()}`
  const folder = join(root, '.cache/node', version)
  const program = join(folder, 'node_modules', name, system === 'win' ? 'bin/node.exe' : 'bin/node')
  if (existsSync(program)) return program
  await mkdir(folder, { recursive: true })
  const options = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', folder]
  const { code } = await run('npm', ['install', ...options, `${name}@${version}`], shown)
  if (code === 0) return program
  throw new Error(`npm install of ${name}@${version} failed. See its messages above.`)
}
