/** Embedded Temporal: real servers in folders of their own, stopped, killed and started again. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import { afterEach, expect, test } from 'vitest'
import { freePort, isFree } from '../../src/dev/port.ts'
import { inspect } from '../../src/dev/staleServer.ts'
import {
  type EmbeddedTemporal,
  oldestServer,
  startTemporal,
  type TemporalOptions,
} from '../../src/dev/temporal.ts'

const timeout = 60_000
const undo: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'sluice-temporal-'))
  undo.push(() => rm(home, { recursive: true, force: true }))
  return home
}

const anyPort = () => freePort(20_000 + Math.floor(Math.random() * 10_000))

async function start(options: TemporalOptions): Promise<EmbeddedTemporal> {
  const starting = startTemporal({ headless: true, ...options })
  undo.push(() => starting.then((server) => server.kill()).catch(() => {}))
  return await starting
}

async function connect({ address }: EmbeddedTemporal): Promise<Client> {
  const connection = await Connection.connect({ address })
  undo.push(() => connection.close())
  return new Client({ connection })
}

const portOf = ({ address }: EmbeddedTemporal): number => Number(address.split(':')[1])

test('keeps workflows over a kill and a stop', { timeout }, async () => {
  const home = await newHome()
  const port = await anyPort()
  // As an older version left it.
  await chmod(home, 0o755)
  await writeFile(join(home, 'temporal.log'), '', { mode: 0o644 })
  const first = await start({ home, port })
  const target = defineSearchAttributeKey('SluiceTarget', SearchAttributeType.KEYWORD)
  const source = defineSearchAttributeKey('SluiceSource', SearchAttributeType.KEYWORD)
  const typedSearchAttributes = [
    { key: target, value: 'public.trips' },
    { key: source, value: 'upload' },
  ]
  await (await connect(first)).workflow.start('nobodyRunsThis', {
    taskQueue: 'nobody',
    workflowId: 'kept',
    typedSearchAttributes,
  })
  await first.kill()

  const second = await start({ home, port })
  const kept = await (await connect(second)).workflow.getHandle('kept').describe()
  expect(kept.status.name).toBe('RUNNING')
  expect(kept.typedSearchAttributes.get(target)).toBe('public.trips')
  await second.stop()

  const third = await start({ home, port })
  expect(third.address).toBe(first.address)
  const client = await connect(third)
  await client.workflow.getHandle('kept').terminate()
  const { count } = await client.workflow.count("SluiceTarget = 'public.trips'")
  expect(count).toBe(1)
  const names = await readdir(home)
  expect(names).toEqual(expect.arrayContaining(['temporal.db', 'temporal.db-wal', 'temporal.log']))
  const open = names.filter((name) => (statSync(join(home, name)).mode & 0o077) !== 0)
  expect([open, statSync(home).mode & 0o777]).toEqual([[], 0o700])
})

test('leaves no process and no port behind when it stops', { timeout }, async () => {
  const server = await start({ home: await newHome(), port: await anyPort() })
  await server.stop()
  expect(await inspect(server.pid)).toBeNull()
  expect(await isFree(portOf(server))).toBe(true)
  expect(await server.exited).toEqual({ code: 0, signal: null })
  await server.stop()
})

test('steps over ports that are taken, and serves the Web UI', { timeout }, async () => {
  const [port, uiPort] = [await anyPort(), await anyPort()]
  for (const taken of [port, uiPort]) {
    const other = createServer().listen(taken, '127.0.0.1')
    undo.push(async () => other.close())
    await once(other, 'listening')
  }
  const server = await start({ home: await newHome(), port, uiPort, headless: false })
  expect(portOf(server)).toBeGreaterThan(port)
  expect(server.ui).not.toBe(`http://127.0.0.1:${uiPort}`)
  const page = await fetch(server.ui!)
  expect(page.status).toBe(200)
  expect(await page.text()).toContain('<html')
})

test('two that want the same ports at the same time both start', { timeout }, async () => {
  const [port, uiPort] = [await anyPort(), await anyPort()]
  const homes = [await newHome(), await newHome()]
  const servers = await Promise.all(
    homes.map((home) => start({ home, port, uiPort, headless: false })),
  )
  expect(new Set(servers.flatMap(({ address, ui }) => [address, ui])).size).toBe(4)
  for (const [index, server] of servers.entries()) {
    const client = await connect(server)
    await client.workflow.start('nobodyRunsThis', { taskQueue: 'q', workflowId: `of-${index}` })
    await expect(client.workflow.getHandle(`of-${1 - index}`).describe()).rejects.toThrow()
  }
})

test('a home that is in use is refused', { timeout }, async () => {
  const home = await newHome()
  await start({ home, port: await anyPort() })
  await expect(startTemporal({ home })).rejects.toThrow('is using this folder already')
})

test('ends the server of a parent that was killed', { timeout }, async () => {
  const home = await newHome()
  const module = join(import.meta.dirname, '../../src/dev/temporal.ts')
  const options = { home, port: await anyPort(), headless: true }
  const script = `
    const { startTemporal } = await import(${JSON.stringify(module)})
    console.log((await startTemporal(${JSON.stringify(options)})).pid)
    setInterval(() => {}, 1000)`
  const args = ['--import', 'tsx', '--input-type=module', '-e', script]
  const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  undo.push(async () => parent.kill('SIGKILL'))
  const [line] = await once(parent.stdout, 'data')
  const orphan = Number(String(line))
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  expect(await inspect(orphan)).not.toBeNull()

  const server = await start({ home, port: options.port })
  expect(await inspect(orphan)).toBeNull()
  expect(server.notes.join()).toContain(String(orphan))
  expect(portOf(server)).toBe(options.port)
})

test('the set-up takes the same servers as we do', async () => {
  const script = join(import.meta.dirname, '../../scripts/setup.mjs')
  const { oldestTemporalServer } = await import(script)
  expect(oldestTemporalServer).toEqual([oldestServer.major, oldestServer.minor])
})
