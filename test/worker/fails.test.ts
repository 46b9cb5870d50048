/** A worker that cannot work says why, and ends: none that looks alive and is not. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { sluice } from '../cli/sluice.ts'
import { build, until } from '../harness.ts'

const harness = await build()
const env = { DATABASE_URL: harness.databaseUrl, TEMPORAL_ADDRESS: harness.temporalAddress }
const without = await harness.file('none.mjs', 'export const steps = []\n')
const app = (name: string) => fileURLToPath(new URL(`../steps/${name}`, import.meta.url))

test.for<[string, string[], Record<string, string>, string]>([
  [
    'a namespace that is not there',
    [],
    { TEMPORAL_NAMESPACE: 'nope' },
    'has no namespace nope.\n  Make it',
  ],
  ['several queues that autoscale', ['--autoscale', '4,1'], {}, '--autoscale is for one queue'],
  ['no Temporal', [], { TEMPORAL_ADDRESS: '127.0.0.1:9' }, 'Temporal does not answer'],
  ['no app', ['--app', app('none.ts')], {}, 'there is no such file'],
  ['an app without steps', ['--app', without], {}, 'it exports no step'],
  ['a queue without a name', ['--queue', 'a,,b'], {}, 'A queue name has 1 to 200 characters'],
  ['too little memory', ['--max-memory', '10m'], {}, 'an idle worker needs about 200 MB'],
])('%s', { timeout: 60_000 }, async ([, args, more, message]) => {
  const queues = ['--queue', `${harness.queue}-a,${harness.queue}-b`]
  const { code, error } = await sluice(['worker', ...queues, ...args], { env: { ...env, ...more } })
  expect(code).not.toBe(0)
  expect(error).toContain(message)
})

test('npm run worker passes SIGTERM on, and the worker stops in order', async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const args = ['run', 'worker', '--', '--queue', `${harness.queue}-npm`]
  const options = { cwd: root, env: { ...process.env, ...env, SLUICE_DIST: '1' } }
  const npm = spawn('npm', args, options)
  let output = ''
  npm.stdout.on('data', (chunk) => (output += chunk))
  npm.stderr.on('data', (chunk) => (output += chunk))
  const exited = once(npm, 'exit')
  await until(() => output.includes('worker ready'), { what: 'the worker' })
  npm.kill('SIGTERM')
  await exited
  await until(() => output.includes('worker stopped'), { what: 'the end of the worker' })
})
