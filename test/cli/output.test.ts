/** Output that cannot be written, and readers that do not read on. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { buildApi } from '../api/server.ts'
import { environment, program, sluice } from './sluice.ts'

const api = await buildApi()
const env = environment({ SLUICE_API: api.url, SLUICE_HOME: join(api.folder, 'none') })

beforeAll(async () => {
  await api.startWorker()
  await api.db.query('create table public.t (n int)')
  await api.put('a.csv', `n\n${'x\n'.repeat(3000)}`)
  const source = { kind: 'upload', uploads: ['a.csv'] }
  const spec = { id: 'out', source, target: { table: 't' }, rejects: { max: '100%' } }
  expect((await api.bring(spec)).body).toMatchObject({ state: 'completed', rowsRejected: 3000 })
})

const commands = ['list', 'list --json', 'status out', 'rejects out --csv']

test.runIf(process.platform === 'linux').each(commands)('a full disk fails %s', async (command) => {
  const full = await open('/dev/full', 'w')
  const child = spawn(process.execPath, [program, ...command.split(' ')], {
    env,
    stdio: ['ignore', full.fd, 'pipe'],
  })
  let error = ''
  child.stderr?.on('data', (chunk) => (error += chunk))
  const [code] = await once(child, 'close')
  await full.close()
  expect([code, error]).toEqual([1, expect.stringContaining('could not be written: ENOSPC')])
})

test.each(commands)('a reader that has gone does not fail %s', async (command) => {
  const child = spawn(process.execPath, [program, ...command.split(' ')], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.destroy()
  let error = ''
  child.stderr.on('data', (chunk) => (error += chunk))
  const [code] = await once(child, 'close')
  expect([code, error]).toEqual([0, ''])
})

test('a home that cannot be made is named before anything is started', async () => {
  const home = join(import.meta.filename, 'home')
  const { code, out, error } = await sluice(['up'], { env: { SLUICE_HOME: home } })
  expect([code, out]).toEqual([1, ''])
  expect(error).toContain(`No folders can be made in ${home}: ENOTDIR`)
  expect(error).toContain('set SLUICE_HOME')
})
