/**
 * An API and two workers, each in a network of its own with nothing but a loopback in it, and with a
 * temporary folder that nobody else sees. All that they share is PostgreSQL, Temporal and a store,
 * which are relayed to them.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { build, type Harness, until } from '../harness.ts'
import { sumOf, writeRows } from '../rows.ts'
import { startRclone } from '../s3/rclone.ts'
import { stageIn } from './stageInS3.ts'

const rows = 250_000
const relay = fileURLToPath(new URL('relay.mjs', import.meta.url))
const sluice = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url))
const apart = ['--map-root-user', '--net', '--mount', '--pid', '--fork', '--kill-child']
const apiPort = 3000

/** @param hidden a folder that is an empty one of its own in there */
const inside = (hidden: string) => [
  ...apart,
  ...['sh', '-c', 'ip link set lo up && mount -t tmpfs none "$0" && exec "$@"', hidden],
]

/** Why this machine gives no network of one's own; null where it does. */
function problemHere(folder: string): string | null {
  try {
    execFileSync('unshare', [...inside(folder), 'true'], { stdio: 'pipe' })
    return null
  } catch (error) {
    return `no network namespaces here: ${(error as Error).message.split('\n').join(' ')}`
  }
}

interface Place {
  harness: Harness
  /** Where the sockets lie. */
  sockets: string
  /** TCP ports of this machine that are reached from there. */
  ports: number[]
}

async function started(args: string[], ready: string, env: NodeJS.ProcessEnv = {}) {
  const [command = '', ...more] = args
  const child: ChildProcess = spawn(command, more, {
    env: { ...process.env, SLUICE_DIST: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  let output = ''
  child.stdout?.on('data', (data) => (output += data))
  child.stderr?.on('data', (data) => (output += data))
  const isReady = () => {
    if (child.exitCode !== null) throw new Error(output)
    return output.includes(ready)
  }
  await until(isReady, { what: ready })
  return () => output
}

/** Lets those in there in: each port of theirs is a socket, behind which is ours. */
async function openSockets({ sockets, ports }: Place): Promise<void> {
  const plan = ports.map((port) => ({
    from: { path: join(sockets, `${port}`) },
    to: { host: '127.0.0.1', port },
  }))
  await started([process.execPath, relay, JSON.stringify(plan)], 'relay ready')
}

async function startApart(
  { harness, sockets, ports }: Place,
  args: string[],
  { ready, env, serve }: { ready: string; env: NodeJS.ProcessEnv; serve?: string },
) {
  const plan = ports.map((port) => ({
    from: { host: '127.0.0.1', port },
    to: { path: join(sockets, `${port}`) },
  }))
  const served = serve && {
    from: { path: serve },
    to: { host: '127.0.0.1', port: apiPort },
  }
  const all = JSON.stringify([...plan, ...(served ? [served] : [])])
  const command = [process.execPath, relay, all, process.execPath, sluice, ...args]
  return started(['unshare', ...inside(harness.folder), ...command], ready, {
    ...{ DATABASE_URL: harness.databaseUrl, TEMPORAL_ADDRESS: harness.temporalAddress },
    // Seen by nobody else.
    ...{ SLUICE_HOME: harness.folder, TMPDIR: harness.folder, SLUICE_JANITOR: '0' },
    ...env,
  })
}

/** Asks the API through its socket. */
async function ask(socketPath: string, method: string, path: string, body: Buffer | object) {
  const isBytes = Buffer.isBuffer(body)
  const type = isBytes ? 'application/octet-stream' : 'application/json'
  const sent = request({ socketPath, method, path, headers: { 'content-type': type } })
  sent.end(isBytes ? body : JSON.stringify(body))
  const [answer] = await once(sent, 'response')
  let text = ''
  for await (const data of answer) text += data
  return { status: answer.statusCode, body: JSON.parse(text) }
}

test('an API and two workers load one large file together, and share no folder', async (context) => {
  const sockets = await mkdtemp(join(tmpdir(), 'sluice-apart-'))
  onTestFinished(() => rm(sockets, { recursive: true, force: true }))
  const problem = problemHere(sockets)
  if (problem !== null) return context.skip(problem)
  const rclone = await startRclone({ isWrittenTo: false })
  onTestFinished(rclone.close)
  await mkdir(join(rclone.folder, 'bucket'))
  const inS3 = stageIn(rclone.endpoint)
  const harness = await build({ onEnd: onTestFinished, stage: inS3 })
  const servers = [harness.databaseUrl, `http://${harness.temporalAddress}`, rclone.endpoint]
  const ports = servers.map((server) => Number(new URL(server).port))
  const place = { harness, sockets, ports }
  await openSockets(place)
  const { env } = inS3
  const api = join(sockets, 'api')
  const work = ['worker', '--queue', harness.queue, '--concurrency', '1', '--name']
  await Promise.all([
    startApart(place, ['api', '--port', `${apiPort}`], { ready: 'API ready', env, serve: api }),
    startApart(place, [...work, 'one'], { ready: 'worker ready', env }),
    startApart(place, [...work, 'two'], { ready: 'worker ready', env }),
  ])

  const path = join(harness.folder, 'rows.csv')
  await writeRows(path, rows)
  const sent = await ask(api, 'PUT', '/v1/uploads/rows.csv', await readFile(path))
  expect(sent).toMatchObject({ status: 201 })
  const spec = {
    source: { kind: 'upload', uploads: ['rows.csv'] },
    target: { table: 'together' },
    queue: harness.queue,
  }
  const begun = await ask(api, 'POST', '/v1/ingests', spec)
  expect(begun).toMatchObject({ status: 202 })
  const { id: ingestId } = begun.body
  const view = await harness.ended(ingestId)
  expect(view).toMatchObject({ state: 'completed', rowsLoaded: rows, rowsRejected: 0 })
  const { rows: found } = await harness.db.query(
    `select count(*)::int as rows, sum(id)::bigint as sum,
            (select array_agg(distinct worker order by worker) from sluice.units
             where ingest_id = $1) as workers
     from together`,
    [ingestId],
  )
  expect(found).toEqual([{ rows, sum: sumOf(rows), workers: ['one', 'two'] }])
  await harness.cleared(ingestId)
})
