/** `COMMAND | sluice ingest -`, and addresses that a file of this machine lists. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { buildApi } from '../api/server.ts'
import { until } from '../harness.ts'
import { startLyingServer } from '../sources/lyingServer.ts'
import { inProcess } from './inProcess.ts'
import { environment, program } from './sluice.ts'

const api = await buildApi()
const env = { SLUICE_API: api.url, SLUICE_HOME: join(api.folder, 'none') }
await api.startWorker({ env: { SLUICE_ALLOW_PRIVATE_ADDRESSES: '127.0.0.1' } })
const uploads = () => readdir(join(api.folder, '.stage', 'uploads')).catch(() => [])

function start(...args: string[]) {
  const child: ChildProcessWithoutNullStreams = spawn(
    process.execPath,
    [program, 'ingest', '-', '--queue', api.queue, ...args],
    { cwd: api.folder, env: environment(env) },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdin.on('error', () => {})
  let out = ''
  let error = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (error += chunk))
  const ended = once(child, 'close').then(([code]) => ({ code, out, error }))
  return { child, ended, out: () => out }
}

const rowsOf = async (table: string) =>
  (await api.db.query(`select count(*)::int as n, count(distinct id)::int as d from ${table}`))
    .rows[0]

test('what comes through a pipe is sent while it comes, and the id is told first', async () => {
  const { child, ended, out } = start('--into', 'piped', '--name', 'x.csv')
  await until(() => /^ingest piped-\S+\n$/.test(out()), { what: 'the id' })
  const all = Array.from({ length: 50_000 }, (_, id) => `${id},a\n`)
  child.stdin.write('id,name\n')
  for (let at = 0; at < all.length; at += 1000) {
    if (!child.stdin.write(all.slice(at, at + 1000).join(''))) await once(child.stdin, 'drain')
  }
  const [, id = ''] = /^ingest (\S+)$/m.exec(out()) ?? []
  expect(out()).toBe(`ingest ${id}\n`)
  child.stdin.end()
  const { code, error, out: said } = await ended
  expect([code, error]).toEqual([0, ''])
  expect(said.match(/^ingest /gm)).toHaveLength(1)
  expect(await rowsOf('piped')).toEqual({ n: 50_000, d: 50_000 })
  const { rows } = await api.db.query('select name from sluice.files where ingest_id = $1', [id])
  expect(rows).toEqual([{ name: `${id}-x.csv` }])
  expect(await uploads()).toEqual([])
})

test('packed bytes need no zcat, and --json prints JSON only', async () => {
  const { child, ended } = start('--into', 'packed', '--json')
  child.stdin.end(gzipSync('id\n1\n2\n'))
  const { code, out } = await ended
  expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ rowsLoaded: 2 })])
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s while it comes leaves nothing', async (signal) => {
  const { child, ended, out } = start('--into', 'never')
  child.stdin.write('id\n1\n')
  await until(() => out().startsWith('ingest '), { what: 'the id' })
  await until(async () => (await readdir(join(api.folder, '.stage', 'uploads'))).length > 0, {
    what: 'bytes of it in the stage',
  })
  child.kill(signal)
  const { code, error } = await ended
  expect(code).toBe(signal === 'SIGINT' ? 130 : 143)
  expect(error).toContain('nothing is left of what was sent')
  await until(async () => (await uploads()).length === 0, { what: 'a stage without it' })
  const { rows } = await api.db.query(`select 1 from sluice.ingests where target = 'public.never'`)
  expect(rows).toEqual([])
})

const server = await startLyingServer()
afterAll(() => server.close())

test('--list takes the addresses of a file of this machine, or of a server', async () => {
  server.put('a.csv', 'id\n1\n')
  server.put('b.csv', 'id\n2\n3\n')
  const text = `${server.urlOf('a.csv')}\n${server.urlOf('b.csv')}\n`
  server.put('list.txt', text)
  for (const file of [await api.file('list.txt', text), server.urlOf('list.txt')]) {
    const args = ['ingest', file, '--list', '--into', 'listed', '--queue', api.queue]
    const { code, out, error } = await inProcess(args, env)
    expect([code, error]).toEqual([0, ''])
    expect(out).toContain('3 rows')
  }
  expect(await rowsOf('listed')).toEqual({ n: 6, d: 3 })
  expect(await uploads()).toEqual([])
})
