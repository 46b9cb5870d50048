/** Which processes decode a file. */
import { readdir, readFile } from 'node:fs/promises'

/** Does a process have this text in its command line? */
export async function isDecoded(text: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  )
  return lines.some((line) => line.includes(text) && line.includes('memoryBytes'))
}
