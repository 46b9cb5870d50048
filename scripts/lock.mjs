/** The lock of a set-up, which is a symbolic link: it is there at once, with its content. */
import * as fs from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Process ids are used again: a lock as old as this one has no holder, whatever they say. */
const lockAgeMsMax = 1_800_000

/** One set-up at a time installs in this clone: `npm start` and `npm test` may begin together. */
export async function locked(root, say, work) {
  const file = join(root, '.cache', 'setup.lock')
  await fs.mkdir(dirname(file), { recursive: true })
  for (let waits = 0; !(await makeLink(String(process.pid), file)); waits += 1) {
    const holder = Number(await fs.readlink(file).catch(() => Number.NaN))
    const { mtimeMs } = await fs.lstat(file).catch(() => ({ mtimeMs: Number.NaN }))
    const isOld = Date.now() - mtimeMs > lockAgeMsMax
    if (isOld || (holder > 0 && !isAlive(holder))) await fs.rm(file, { force: true })
    else if (waits === 0) say('setup  another set-up is at work in this clone; waiting for it')
    await sleep(200)
  }
  try {
    return await work()
  } finally {
    await fs.rm(file, { force: true })
  }
}

/** Makes a symbolic link, in one step with its content; false when there is something already. */
export const makeLink = (content, path) =>
  fs.symlink(content, path).then(
    () => true,
    (error) => {
      if (error.code === 'EEXIST') return false
      throw error
    },
  )

const isAlive = (pid) => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
}
