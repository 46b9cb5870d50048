/** `npm run chaos`: installs what is missing, then breaks things. */
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { setup } from '../scripts/setup.mjs'

const root = dirname(import.meta.dirname)

await setup({ env: { ...process.env, DATABASE_URL: '', TEMPORAL_ADDRESS: '' } })
const args = ['--import', 'tsx', join(root, 'chaos/index.ts'), ...process.argv.slice(2)]
const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' })
// A Ctrl-C reaches the child as well, which clears up; we wait for it.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => child.kill('SIGTERM'))
child.on('close', (code) => {
  process.exitCode = code ?? 1
})
