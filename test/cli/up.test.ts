/** `sluice up` from its first start to its end, on real servers of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../../src/dev/process.ts'
import { inspect } from '../../src/dev/staleServer.ts'
import { until } from '../harness.ts'
import { environment, program, sluice } from './sluice.ts'

let folder = ''
let home = ''
const taken = createServer()
const children: ChildProcess[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-up-'))
  // As root PostgreSQL runs as another user, who must be able to enter.
  await chmod(folder, 0o755)
  home = join(folder, 'home')
  await writeFile(join(folder, 'mine.csv'), 'id,name\n1,a\n2,b\n')
  taken.listen(0, '127.0.0.1')
  await once(taken, 'listening')
})

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await until(async () => (await leftPids()).length === 0, { what: 'the end of the servers' })
  taken.close()
  await rm(folder, { recursive: true, force: true })
})

const app = fileURLToPath(new URL('../../examples/steps/app.ts', import.meta.url))
const takenPort = () => (taken.address() as { port: number }).port
const env = () => ({ SLUICE_HOME: home, SLUICE_PORT: String(takenPort()) })
const upFile = async () => JSON.parse(await readFile(join(home, 'up.json'), 'utf8'))

/** Servers that have the home in their command line. */
async function leftPids(): Promise<number[]> {
  const { output } = await run('ps', ['-axo', 'pid=,args='])
  const lines = output.split('\n').filter((line) => line.includes(home))
  return lines.map((line) => Number.parseInt(line, 10)).filter((pid) => pid !== process.pid)
}

/** The process of the API that this `up` has started. */
async function apiOf(up: number): Promise<number> {
  const { output } = await run('ps', ['-axo', 'pid=,ppid=,args='])
  const found = output
    .split('\n')
    .find((line) => new RegExp(`^ *\\d+ +${up} .* api --fed`).test(line))
  return Number.parseInt(found ?? '', 10)
}

async function start(...args: string[]) {
  const startMs = performance.now()
  const child = spawn(process.execPath, [program, 'up', ...args], {
    cwd: folder,
    // An app in TypeScript needs tsx, as npm start has it.
    env: environment({ ...env(), ...(args.includes('--app') && { SLUICE_DIST: '' }) }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let out = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (out += chunk))
  const exited = once(child, 'close').then(([code]) => code as number | null)
  const isUp = () => {
    if (child.exitCode !== null) throw new Error(`up ended:\n${out}`)
    return out.includes('Ctrl-C stops everything')
  }
  await until(isUp, { what: 'up' }).catch((error) => {
    throw new Error(out, { cause: error })
  })
  return { child, exited, output: () => out, tookMs: performance.now() - startMs }
}

async function stop(up: Awaited<ReturnType<typeof start>>, signal: NodeJS.Signals): Promise<void> {
  const { api } = await upFile()
  up.child.kill(signal)
  expect([await up.exited, up.output()]).toEqual([0, expect.stringContaining('Stopped.')])
  await expect(fetch(`${api}/healthz`)).rejects.toThrow()
  await expect(stat(join(home, 'up.json'))).rejects.toThrow()
  expect(await leftPids()).toEqual([])
  for (const [, pid] of up.output().matchAll(/worker (\d+)/g)) {
    expect(await inspect(Number(pid))).toBeNull()
  }
}

test('the first start brings the sample; other commands find it; Ctrl-C leaves nothing', async () => {
  const up = await start()
  const output = up.output()
  expect(output).toMatch(/✓ PostgreSQL 18\S* on 127\.0\.0\.1:\d+ .*(s|ms)$/m)
  expect(output).toMatch(/✓ Temporal on 127\.0\.0\.1:\d+, Web UI http:\/\/127\.0\.0\.1:\d+/)
  expect(output).toMatch(/✓ worker \d+, activities at once: \d+/)
  expect(output).toMatch(/3,993 rows loaded into public\.sample_trips, 7 rejected/)
  expect(output.match(/trips\.csv:\d+ /g)).toHaveLength(7)
  expect(output).toMatch(/trips\.csv:1126 fare: .*"n\/a"/)
  expect(output).toMatch(/http:\/\/127\.0\.0\.1:\d+\/namespaces\/default\/workflows\/sample-trips/)
  expect(output).toMatch(/psql "postgres\S+" -c 'select \* from public\.sample_trips limit 5'/)
  expect(output).toMatch(/http:\/\/127\.0\.0\.1:\d+\/docs/)

  const file = await upFile()
  expect(Number(new URL(file.api).port)).toBeGreaterThan(takenPort())
  expect((await stat(join(home, 'up.json'))).mode & 0o777).toBe(0o600)
  const at = { env: env(), cwd: folder }
  const mine = await sluice(['ingest', 'mine.csv', '--into', 'public.trips', '--json'], at)
  expect(JSON.parse(mine.out)).toMatchObject({
    state: 'completed',
    rowsLoaded: 2,
    sourceKind: 'directory',
  })
  // Nobody else of this machine has the token.
  const answer = await fetch(`${file.api}/v1/ingests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      source: { kind: 'directory', path: join(folder, 'mine.csv') },
      target: { table: 'public.trips' },
    }),
  })
  expect(answer.status).toBe(401)
  const second = await sluice(['up'], at)
  expect([second.code, second.out]).toEqual([0, expect.stringContaining('is up here already')])
  const through = await sluice(['up', 'mine.csv', '--into', 'trips'], at)
  expect([through.code, through.out]).toEqual([0, expect.stringContaining('2 rows loaded')])
  await stop(up, 'SIGINT')
})

test('the second start keeps all data, and a worker that dies is replaced', async () => {
  const up = await start('mine.csv', '--into', 'trips', '--app', app)
  // biome-ignore lint/suspicious/noConsole: a figure to report, too much the machine's to assert.
  console.info(`second start: ${(up.tookMs / 1000).toFixed(1)} s, an ingest included`)
  expect(up.output()).not.toContain('sample')
  const list = await sluice(['list'], { env: env(), cwd: folder })
  expect(list.out).toContain('sample-trips')
  expect(list.out.match(/public\.trips/g)).toHaveLength(3)

  const [, pid] = /worker (\d+),/.exec(up.output()) ?? []
  process.kill(Number(pid), 'SIGKILL')
  await until(() => up.output().includes('takes its place'), { what: 'another worker' })
  // So is an API, at the same address; nothing else ends with it.
  const { api } = await upFile()
  process.kill(await apiOf(up.child.pid as number), 'SIGKILL')
  await until(() => /API \d+ takes its place/.test(up.output()), { what: 'another API' })
  const answers = () =>
    fetch(`${api}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    )
  await until(answers, { what: 'its answer' })
  const after = await sluice(['ingest', 'mine.csv', '--into', 'trips'], { env: env(), cwd: folder })
  expect(after.code).toBe(0)
  // Its worker has the app, and serves the queue that the step names.
  const steps = await sluice(['ingest', 'mine.csv', '--steps', 'checksum'], {
    env: env(),
    cwd: folder,
  })
  expect([steps.code, steps.out]).toEqual([0, expect.stringContaining('steps done: 1')])
  await stop(up, 'SIGTERM')
})

test('after a kill -9 everything ends by itself, and the next start is one like any other', async () => {
  const killed = await start()
  const [, pid] = /worker (\d+),/.exec(killed.output()) ?? []
  killed.child.kill('SIGKILL')
  await until(async () => (await inspect(Number(pid))) === null, { what: 'the end of the worker' })
  await until(async () => (await leftPids()).length === 0, { what: 'the end of the servers' })
  const list = await sluice(['list'], { env: env(), cwd: folder })
  expect(list.error).toContain('No API is known here')
  const next = await start()
  expect((await sluice(['list'], { env: env(), cwd: folder })).out).toContain('sample-trips')
  await stop(next, 'SIGHUP')
})

test('a start that fails stops what it had started', async () => {
  const failing = { ...env(), DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:9/none' }
  const { code, out, error } = await sluice(['up'], { env: failing, cwd: folder })
  expect([code, out]).toEqual([1, expect.stringMatching(/✗ PostgreSQL/)])
  expect(out).toMatch(/✓ Temporal/)
  expect(error).toContain('The database does not answer')
  expect(out + error).not.toContain('secret')
  expect(await leftPids()).toEqual([])
  await expect(stat(join(home, 'up.json'))).rejects.toThrow()
})
