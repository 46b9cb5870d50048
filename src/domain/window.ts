/** A window of work in flight: at most `width` at once, the next one starts as soon as one ends. */

export interface WindowOptions {
  /** The first number, and the one behind the last. */
  from: number
  to: number
  width: number
  /** Waits until another one may start; never longer than it must. */
  ready: () => Promise<void>
  /** Asked before each start; true starts no more. */
  enough: () => boolean
}

/**
 * Runs `run` for each number in order. Deterministic, so a workflow can use it.
 * @returns the first number that was not started; all that were started have ended
 */
export async function inWindow(
  { from, to, width, ready, enough }: WindowOptions,
  run: (number: number) => Promise<void>,
): Promise<number> {
  let next = from
  let failed = false
  const lane = async () => {
    while (next < to && !failed) {
      await ready()
      if (next >= to || failed || enough()) return
      const number = next++
      try {
        await run(number)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const lanes = Array.from({ length: Math.min(width, to - from) }, lane)
  await Promise.all(lanes)
  return next
}
