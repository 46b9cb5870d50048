/**
 * Runs the tests: installs what is missing, then Vitest with whatever arguments came along
 * (`npm test -- test/load.test.ts -t zombie`). The last line is the sum: `N passed, N failed`.
 * `--changed` takes those that import what has changed since this branch left main.
 */
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { ensureRclone } from './rclone.mjs'
import { setup, step } from './setup.mjs'

const root = dirname(import.meta.dirname)

// Some tests kill servers, and start their own for it: the embedded ones are needed in any case.
await setup({ env: { ...process.env, DATABASE_URL: '', TEMPORAL_ADDRESS: '' } })
await step('S3 for tests', console.error, () => ensureRclone(root, console.error))
const folder = await mkdtemp(join(tmpdir(), 'sluice-test-'))
try {
  const report = join(folder, 'report.json')
  process.exitCode = await vitest(report)
  console.log(sum(await readFile(report, 'utf8').catch(() => null)))
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function vitest(report) {
  const path = join(root, 'node_modules/vitest/vitest.mjs')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const given = process.argv.slice(2)
  const changed = given.includes('--changed') ? [`--changed=${await branchPoint()}`] : []
  const others = given.filter((word) => word !== '--changed')
  const args = [path, 'run', ...reporters, ...changed, ...others]
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' })
    child.on('error', fail)
    child.on('close', (code) => done(code ?? 1))
  })
}

/** Where this branch left main; without a main it is the last commit that counts. */
function branchPoint() {
  return promisify(execFile)('git', ['merge-base', 'HEAD', 'main'], { cwd: root }).then(
    ({ stdout }) => stdout.trim(),
    () => 'HEAD',
  )
}

/** A file that fails outside of its tests counts as one failure, and so does a run without end. */
function sum(json) {
  if (json === null) return '0 passed, 1 failed'
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(json)
  const broken = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(isFailed),
  )
  const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : ''
  return `${numPassedTests} passed, ${numFailedTests + broken.length} failed${skipped}`
}

function isFailed({ status }) {
  return status === 'failed'
}
