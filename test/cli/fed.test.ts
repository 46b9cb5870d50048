/** A part of `sluice up` whose settings come by a pipe that stays open. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { environment, program } from './sluice.ts'

test('an API that cannot start ends at once and says why, though the pipe is open', async ({
  onTestFinished,
}) => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-fed-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const settingsPath = join(folder, 'sluice.yaml')
  await writeFile(settingsPath, 'format: csv\n')
  const child = spawn(process.execPath, [program, 'api', '--fed'], {
    env: environment({}),
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  child.stdin.write(`${JSON.stringify({ settingsPath, databaseUrl: '', temporal: {} })}\n`)
  const [code] = await once(child, 'close')
  expect([code, said]).toEqual([1, expect.stringContaining('format is not known here')])
})
