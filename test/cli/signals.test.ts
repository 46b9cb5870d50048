/** Ctrl-C and its like at each moment of a command that waits: what it says, and what it leaves. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readdir, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { createBar } from '../../src/cli/bar.ts'
import { buildApi } from '../api/server.ts'
import { until } from '../harness.ts'
import { environment, program } from './sluice.ts'

const api = await buildApi()
const uploads = () => readdir(join(api.folder, '.stage', 'uploads')).catch(() => [])
const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
type Signal = keyof typeof codes

beforeAll(async () => {
  await writeFile(join(api.folder, 'a.csv'), 'n\n1\n')
  // It takes no room, and as long to send as it has to.
  const large = await open(join(api.folder, 'large.csv'), 'w')
  await large.truncate(50e9)
  await large.close()
})

function start(args: string[], url = api.url) {
  const env = environment({ SLUICE_API: url, SLUICE_HOME: join(api.folder, 'none') })
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [program, ...args], {
    cwd: api.folder,
    env,
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let out = ''
  let error = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (error += chunk))
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, out, error }))
  return { child, ended, said: () => out + error }
}

/** Starts it, waits until it says so, and sends the signal. */
async function interrupted(args: string[], said: RegExp, signal: Signal) {
  const started = start(args)
  await until(() => said.test(started.said()), { what: `${said} of ${args}` })
  started.child.kill(signal)
  return started.ended
}

test.each(Object.keys(codes) as Signal[])('%s while an ingest waits', async (signal) => {
  const id = `waits-${signal}`
  const args = ['ingest', 'a.csv', '--into', 't', '--queue', 'nobody', '--id', id]
  const { code, error } = await interrupted(args, /waiting for a worker/, signal)
  expect(code).toBe(codes[signal])
  expect(error).toContain(`${id} goes on without us. Follow it: sluice status ${id} --follow`)
  expect(error).toContain(`End it: sluice cancel ${id}`)
  expect((await api.ask('GET', `/v1/ingests/${id}`)).body.state).toBe('queued')

  const shown = ['status', id, '--follow']
  const followed = await interrupted(shown, /waiting for a worker/, signal)
  expect([followed.code, followed.error]).toEqual([
    codes[signal],
    expect.stringContaining(`${id} goes on: sluice status ${id}`),
  ])
  await api.ask('POST', `/v1/ingests/${id}/cancel`)
})

test.each(Object.keys(codes) as Signal[])('%s while files are sent', async (signal) => {
  const before = await uploads()
  const id = `sends-${signal}`
  const files = ['ingest', 'a.csv', 'large.csv', '--into', 't', '--id', id]
  const { child, ended } = start(files)
  await until(async () => (await uploads()).some((name) => name.includes('large')), {
    what: 'the second file on its way',
  })
  child.kill(signal)
  const { code, error } = await ended
  expect([code, error]).toEqual([
    codes[signal],
    'Nothing was started, and nothing is left of what was sent.\n',
  ])
  await until(async () => (await uploads()).length === before.length, { what: 'no half files' })
  expect((await api.ask('GET', `/v1/ingests/${id}`)).status).toBe(404)
})

test('a second one ends it at once, also where the API says nothing', async () => {
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  onTestFinished(() => void silent.close())
  const sockets: { destroy(): void }[] = []
  silent.on('connection', (socket) => sockets.push(socket))
  const { port } = silent.address() as AddressInfo
  const args = ['ingest', 'a.csv', '--into', 't', '--id', 'silent']
  const { child, ended } = start(args, `http://127.0.0.1:${port}`)
  await until(() => sockets.length > 0, { what: 'its request' })
  child.kill('SIGTERM')
  await sleep(500)
  child.kill('SIGINT')
  const startMs = Date.now()
  expect(await ended).toMatchObject({ code: 130, error: expect.stringContaining('started') })
  expect(Date.now() - startMs).toBeLessThan(4000)
  for (const socket of sockets) socket.destroy()
})

test('a bar leaves signals to the command, and the terminal its cursor', () => {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 20 })
  const before = [process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')]
  const bar = createBar({ format: '{bar}', stream })
  bar.start(1, 0)
  expect([process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')]).toEqual(before)
  expect(String(stream.read())).toContain('\x1b[?25l')
  process.listeners('exit').at(-1)?.(0)
  expect(String(stream.read())).toContain('\x1b[?25h')
})
