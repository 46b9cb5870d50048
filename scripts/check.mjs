/**
 * Checks all but the tests: format and lint, the direction of imports, types, dead code, and the
 * rules of the house. One line for each step with its time; a step that fails prints all it said.
 * `--fix` first repairs what Biome can repair.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ensurePackages } from './setup.mjs'

const root = dirname(import.meta.dirname)
const color = process.stdout.isTTY
const folders = 'src workflows activities bin scripts test bench chaos docs'.split(' ')
const present = folders.filter(isPresent)
const linesMax = 300

const steps = {
  'format, lint': () => biome('ci', '--max-diagnostics=none', '--error-on-warnings'),
  imports: () => tool('dependency-cruiser/bin/dependency-cruise.mjs', '--no-cache', ...present),
  types: () => node(join(root, 'scripts/types.mjs')),
  'dead code': () => tool('knip/bin/knip.js', '--no-progress'),
  house: checkHouse,
  // What is made from a source says what the source says.
  wasm: () => node(join(root, 'scripts/wasm.mjs'), '--check'),
  docs: () => node('--import', 'tsx', join(root, 'docs/generate.ts'), '--check'),
}

await ensurePackages(root, process.env, console.error)
const fix = process.argv.includes('--fix')
if (fix) await step('fix', () => biome('check', '--write', '--max-diagnostics=0'))
const passed = await Promise.all(Object.entries(steps).map(([name, work]) => step(name, work)))
process.exitCode = passed.every(Boolean) ? 0 : 1

async function step(name, work) {
  const startMs = performance.now()
  const { ok, output } = await work()
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
  console.log(`check  ${name.padEnd(13)} ${seconds.padStart(5)} s  ${ok ? 'ok' : 'FAILED'}`)
  if (!ok) console.log(`\n${output.trim()}\n`)
  return ok
}

function biome(command, ...args) {
  const colors = `--colors=${color ? 'force' : 'off'}`
  return tool('@biomejs/biome/bin/biome', command, colors, ...args)
}

function tool(path, ...args) {
  return node(join(root, 'node_modules', path), ...args)
}

function node(...args) {
  return new Promise((done, fail) => {
    const env = { ...process.env, ...(color ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }) }
    const child = spawn(process.execPath, args, {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const take = (data) => {
      output += data
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('error', fail)
    child.on('close', (code) => done({ ok: code === 0, output }))
  })
}

/** The rules of CONTRIBUTING.md that no tool knows. */
async function checkHouse() {
  const problems = []
  const product = ['src', 'workflows', 'activities']
  for (const folder of present) {
    for (const file of await sourcesBelow(folder)) {
      const lines = (await readFile(join(root, file), 'utf8')).split('\n')
      const count = lines.length - 1
      if (count > linesMax) problems.push(`${file}: ${count} lines; redesign at ${linesMax}`)
      if (!product.includes(folder) || file === 'src/config.ts') continue
      const at = lines.findIndex(readsEnvironment)
      if (at >= 0) problems.push(`${file}:${at + 1}: only src/config.ts reads the environment`)
    }
  }
  problems.push(...(await deadLinks()))
  return { ok: problems.length === 0, output: problems.join('\n') }
}

/** Links of pages to files that are not there. */
async function deadLinks() {
  const problems = []
  for (const page of await pages()) {
    const text = await readFile(join(root, page), 'utf8')
    for (const [, path] of text.matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(path) || existsSync(join(root, dirname(page), path))) continue
      problems.push(`${page}: there is no ${path} to link to`)
    }
  }
  return problems
}

async function pages() {
  const below = ['docs', 'bench', 'chaos', 'deploy', 'examples', 'test'].filter(isPresent)
  const found = [await readdir(root), ...(await Promise.all(below.map(namesBelow)))].flat()
  return found.filter((name) => name.endsWith('.md') && !name.includes('node_modules/'))
}

function isPresent(folder) {
  return existsSync(join(root, folder))
}

async function namesBelow(folder) {
  const names = await readdir(join(root, folder), { recursive: true })
  return names.map((name) => `${folder}/${name}`)
}

async function sourcesBelow(folder) {
  if (!present.includes(folder)) return []
  const names = await readdir(join(root, folder), { recursive: true })
  return names.filter((name) => /\.(ts|sql)$/.test(name)).map((name) => `${folder}/${name}`)
}

function readsEnvironment(line) {
  if (/^\s*(\*|\/\/|\/\*|--)/.test(line)) return false
  return /\bprocess\s*\.\s*env\b/.test(line) || /\benv\b.*('node:process'|= process\b)/.test(line)
}
