/** Servers end with the process that started them, also when that one is killed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { until } from '../harness.ts'

const program = `
  import { startPostgres } from './src/dev/postgres.ts'
  import { startTemporal } from './src/dev/temporal.ts'
  const home = process.argv[1]
  const [postgres, temporal] = await Promise.all([
    startPostgres({ home: home + '/postgres' }),
    startTemporal({ home: home + '/temporal', headless: true }),
  ])
  console.log(JSON.stringify([postgres.pid, temporal.pid]))
`

test('both servers stop when their parent gets a SIGKILL', async () => {
  const home = await mkdtemp(join(tmpdir(), 'sluice-leash-'))
  await chmod(home, 0o755)
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program, home]
  const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(parent.stdout, 'data')
  const pids: number[] = JSON.parse(String(line))
  expect(pids.every(isRunning)).toBe(true)
  parent.kill('SIGKILL')
  await until(() => !pids.some(isRunning), { what: 'the servers to stop', timeoutMs: 20_000 })
  await rm(home, { recursive: true, force: true })
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
