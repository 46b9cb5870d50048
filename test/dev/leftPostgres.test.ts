/** A PostgreSQL that somebody else started, or a killed process left: it is found, and ended if it may be. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { startPostgres } from '../../src/dev/postgres.ts'
import { inspect } from '../../src/dev/staleServer.ts'
import { until } from '../harness.ts'
import { anyPort, embedded, query } from './embedded.ts'

const timeout = 60_000
const { newHome, onEnd, start } = embedded()

test('a home that is in use is refused', { timeout }, async () => {
  const home = await newHome()
  const server = await start({ home, port: await anyPort() })
  await expect(startPostgres({ home })).rejects.toThrow('is using this folder already')
  expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
})

/** Kills what would end the server of the process when that is gone. */
async function killGuardOf(parentPid: number): Promise<void> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger)
  const found = await Promise.all(pids.map(async (pid) => ({ pid, ...(await inspect(pid)) })))
  const guard = found.find(({ ppid, command }) => ppid === parentPid && command?.includes('kill'))
  if (!guard) throw new Error('there is no guard')
  process.kill(guard.pid, 'SIGKILL')
}

// Elsewhere there is no /proc to find the guard in.
const onLinux = process.platform === 'linux'

test.runIf(onLinux)(
  'ends the server of a parent that was killed with its guard',
  {
    timeout,
  },
  async () => {
    const home = await newHome()
    const module = join(import.meta.dirname, '../../src/dev/postgres.ts')
    const script = `
    const { startPostgres } = await import(${JSON.stringify(module)})
    const { url, pid } = await startPostgres(${JSON.stringify({ home, port: await anyPort() })})
    console.log(JSON.stringify({ url, pid }))
    setInterval(() => {}, 1000)`
    const args = ['--import', 'tsx', '--input-type=module', '-e', script]
    const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    onEnd(async () => parent.kill('SIGKILL'))
    const [line] = await once(parent.stdout, 'data')
    const orphan = JSON.parse(String(line)) as { url: string; pid: number }
    await query(orphan.url, 'create table kept as select 1 as n')
    await killGuardOf(parent.pid as number)
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    expect(await inspect(orphan.pid)).not.toBeNull()

    const server = await start({ home, port: await anyPort() })
    expect(await inspect(orphan.pid)).toBeNull()
    expect(server.notes.join()).toContain(String(orphan.pid))
    expect(await query(server.url, 'select n from kept')).toEqual([{ n: 1 }])
  },
)

test('starts although a backend outlived its postmaster', { timeout }, async () => {
  const home = await newHome()
  const server = await start({ home, port: await anyPort() })
  const client = new Client({ connectionString: server.url })
  client.on('error', () => {})
  await client.connect()
  const [{ pid: backend }] = (await client.query('select pg_backend_pid() as pid')).rows
  // It computes and never waits, so it does not see that its postmaster is gone.
  const busy = client.query('select sum(n) from generate_series(1, 1000000000) n').catch(() => {})
  const isBusy = async () => {
    const sql = `select state from pg_stat_activity where pid = ${backend}`
    return (await query(server.adminUrl, sql))[0]?.state === 'active'
  }
  await until(isBusy, { what: 'the query' })
  process.kill(server.pid, 'SIGKILL')
  await server.exited
  expect(await inspect(backend)).not.toBeNull()

  const next = await start({ home, port: await anyPort() })
  await busy
  expect(await inspect(backend)).toBeNull()
  expect(await query(next.url, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('believes no process id that belongs to somebody else', { timeout }, async () => {
  const home = await newHome()
  const server = await start({ home, port: await anyPort() })
  await server.kill()
  const pidFile = join(server.dataDir, 'postmaster.pid')
  const lines = (await readFile(pidFile, 'utf8')).split('\n')
  const stranger = spawn('sleep', ['60'])
  onEnd(async () => stranger.kill('SIGKILL'))
  await writeFile(pidFile, [stranger.pid, ...lines.slice(1)].join('\n'))

  const next = await start({ home, port: await anyPort() })
  expect(await query(next.url, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(stranger.exitCode).toBeNull()
})
