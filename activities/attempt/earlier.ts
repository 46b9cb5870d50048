/**
 * Attempts of this process, so that one that the server gave up on ends before the next one begins.
 *
 * Other processes are fenced by the database, see src/postgres/sessions.ts. Within a process that
 * hung, both attempts would share its main thread and its connections.
 */
import { setTimeout as sleep } from 'node:timers/promises'

interface UnderWay {
  attempt: number
  lose: () => void
  ended: Promise<void>
}

const underWay = new Map<string, UnderWay>()
/** One that does not hear its signal is left to the database. */
const patienceMs = 10_000

/**
 * Ends an earlier attempt at the same activity, if this process is at one.
 * @param of names the activity, and which attempt at it this is
 * @param lose ends this attempt, should there be a later one
 * @returns says that this one has ended
 */
export async function replaceEarlier(
  of: { key: string; attempt: number },
  lose: () => void,
): Promise<() => void> {
  const { key, attempt } = of
  const earlier = underWay.get(key)
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  const own = { attempt, lose, ended }
  underWay.set(key, own)
  if (earlier && earlier.attempt < attempt) {
    earlier.lose()
    await Promise.race([earlier.ended, sleep(patienceMs, undefined, { ref: false })])
  }
  return () => {
    if (underWay.get(key) === own) underWay.delete(key)
    end()
  }
}
