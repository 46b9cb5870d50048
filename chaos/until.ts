/** Waits for a condition, never for a time. */
import { setTimeout as sleep } from 'node:timers/promises'

const everyMs = 50

export interface Wait {
  /** What is waited for, for the message. */
  what: string
  timeoutMs?: number
  /** What to add to the message. */
  told?: () => Promise<string>
}

/** Asks until the answer is yes. A question that fails is a no: servers are killed here. */
export async function until(
  ask: () => boolean | Promise<boolean>,
  { what, timeoutMs = 60_000, told }: Wait,
): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs
  let problem = ''
  const yes = async () => {
    try {
      return await ask()
    } catch (error) {
      problem = `; ${error}`
      return false
    }
  }
  while (!(await yes())) {
    if (Date.now() > deadlineMs) {
      const more = told ? `\n${await told()}` : ''
      throw new Error(`waited ${timeoutMs / 1000} s for ${what}${problem}${more}`)
    }
    await sleep(everyMs)
  }
}
