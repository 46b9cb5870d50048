/** A large file is sent on where it was, when the API is killed and comes back. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readdir, stat, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { build, until } from '../harness.ts'
import { inProcess } from './inProcess.ts'
import { environment, program } from './sluice.ts'

const harness = await build()
await harness.startWorker()
const stageDir = join(harness.folder, '.stage')
const uploads = join(stageDir, 'uploads')
const rows = 400_000
const file = join(harness.folder, 'large.csv')
const lines = Array.from({ length: rows }, (_, id) => `${id},${'x'.repeat(50)}${id}`)
await writeFile(file, `id,name\n${lines.join('\n')}\n`)
const { size } = await stat(file)

const apis: ChildProcess[] = []
afterAll(async () => {
  for (const each of apis) each.kill('SIGKILL')
})

/** @param port 0 for any @returns where it listens */
async function startApi(port: number): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [program, 'api', '--port', String(port)], {
    cwd: harness.folder,
    env: environment({
      DATABASE_URL: harness.databaseUrl,
      TEMPORAL_ADDRESS: harness.temporalAddress,
      SLUICE_STAGE: stageDir,
      SLUICE_JANITOR: '0',
      SLUICE_FIND_DEAD: '0',
    }),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  apis.push(child)
  let said = ''
  child.stdout?.on('data', (chunk) => (said += chunk))
  await until(async () => /API ready: \S+:(\d+)/.test(said), { what: 'the API' })
  return { child, port: Number(/API ready: \S+:(\d+)/.exec(said)?.[1]) }
}

/** In front of the API: tells how many bytes clients have sent. */
async function startProxy(port: number, onBytes: (total: number) => void) {
  let total = 0
  const server = createServer((client: Socket) => {
    const api = connect(port, '127.0.0.1')
    client.on('data', (chunk) => {
      total += chunk.length
      onBytes(total)
    })
    client.pipe(api).pipe(client)
    for (const each of [client, api]) {
      each.on('error', () => {})
      each.on('close', () => {
        client.destroy()
        api.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  afterAll(() => server.close())
  const { port: own } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${own}`, total: () => total }
}

const ingest = (url: string, ...more: string[]) =>
  inProcess(
    ['ingest', file, '--into', 'large', '--queue', harness.queue, '--json', '--upload', ...more],
    { SLUICE_API: url, SLUICE_HOME: join(harness.folder, 'none') },
  )

test('an API that is killed and started again costs what was on the way, and no row', async () => {
  let api = await startApi(0)
  const { port } = api
  let restarted: Promise<unknown> | null = null
  const proxy = await startProxy(port, (total) => {
    if (total < size / 2 || restarted) return
    api.child.kill('SIGKILL')
    restarted = once(api.child, 'exit').then(async () => {
      api = await startApi(port)
    })
  })
  const { code, out, error } = await ingest(proxy.url)
  await restarted
  expect([code, error]).toEqual([0, ''])
  expect(restarted).not.toBeNull()
  expect(JSON.parse(out)).toMatchObject({ state: 'completed', rowsLoaded: rows, rowsRejected: 0 })
  expect(proxy.total()).toBeLessThan(size * 1.5)
  const { rows: found } = await harness.db.query(
    'select count(*)::int as count, count(distinct id)::int as ids from large',
  )
  expect(found).toEqual([{ count: rows, ids: rows }])
  expect(await readdir(uploads)).toEqual([])
  api.child.kill('SIGKILL')
})

test('the same command with its --id goes on with what an earlier one has sent', async () => {
  const { port, child } = await startApi(0)
  const proxy = await startProxy(port, () => {})
  const handle = await open(file)
  const first = Buffer.alloc(size - 1_000_000)
  await handle.read(first, 0, first.length, 0)
  await handle.close()
  const [again, other] = [`${harness.queue}-again`, `${harness.queue}-other`]
  const name = `${again}-large.csv`
  const sent = await fetch(`http://127.0.0.1:${port}/v1/uploads/${name}`, {
    method: 'PUT',
    headers: { 'upload-complete': '?0' },
    body: first,
  })
  expect(sent.status).toBe(201)
  await harness.db.query('drop table large')
  const { code, out } = await ingest(proxy.url, '--id', again)
  expect([code, JSON.parse(out)]).toMatchObject([0, { state: 'completed', rowsLoaded: rows }])
  expect(proxy.total()).toBeLessThan(1_100_000)
  // What an earlier command sent of another file of that name is found out by its checksum.
  const changed = Buffer.from(first)
  changed.write('9', 9)
  await fetch(`http://127.0.0.1:${port}/v1/uploads/${other}-large.csv`, {
    method: 'PUT',
    headers: { 'upload-complete': '?0' },
    body: changed,
  })
  const refused = await ingest(proxy.url, '--id', other)
  expect([refused.code, JSON.parse(refused.error).error.code]).toEqual([
    1,
    'upload_checksum_differs',
  ])
  expect(await readdir(uploads)).toEqual([])
  child.kill('SIGKILL')
})
