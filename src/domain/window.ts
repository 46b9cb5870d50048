/** Windows of work in flight: at most `width` at once, the next one starts as soon as one ends. */

export interface WindowOptions {
  /** The first number, and the one behind the last, which may grow while work is under way. */
  from: number
  to: () => number
  width: number
  /** Waits until another one may start; never longer than it must. */
  ready: () => Promise<void>
  /** Asked before each start; true starts no more. */
  enough: () => boolean
  /** How many numbers one start takes on, of so many that are left; one if absent. */
  take?: (left: number) => number
}

/**
 * Runs `run` for each number in order, or for several at a time. Deterministic, so a workflow can use it.
 * @returns the first number that was not started; all that were started have ended
 */
export function inWindow(
  { from, to, width, ready, enough, take = () => 1 }: WindowOptions,
  run: (number: number, count: number) => Promise<void>,
): Promise<number> {
  let next = from
  let failed = false
  let lanes = 0
  const lane = async () => {
    while (next < to() && !failed) {
      await ready()
      if (next >= to() || failed || enough()) return
      const number = next
      const count = Math.max(1, Math.min(take(to() - next), to() - next))
      next += count
      const before = to()
      try {
        await run(number, count)
      } catch (error) {
        failed = true
        throw error
      }
      if (to() > before) widen()
    }
  }
  let widen = () => {}
  return new Promise((resolve, reject) => {
    const end = () => {
      lanes--
      if (lanes === 0) resolve(next)
    }
    widen = () => {
      const wanted = Math.min(width, lanes + to() - next)
      while (lanes < wanted) {
        lanes++
        lane().then(end, reject)
      }
    }
    widen()
    if (lanes === 0) resolve(next)
  })
}

export interface TurnsOptions extends Pick<WindowOptions, 'width' | 'ready' | 'enough'> {
  /** Takes on what is to be done next; null for nothing before something else has ended. */
  next: () => (() => Promise<void>) | null
}

/**
 * Runs work of several kinds in one window. Deterministic, so a workflow can use it.
 * @returns when all that was started has ended, and there is nothing to be done
 */
export function inTurns({ width, ready, enough, next }: TurnsOptions): Promise<void> {
  let lanes = 0
  let failed = false
  return new Promise((resolve, reject) => {
    /** @returns whether there was something to be done */
    const turn = async (): Promise<boolean> => {
      await ready()
      const work = failed || enough() ? null : next()
      if (!work) return false
      await work()
      return true
    }
    const lane = async () => {
      try {
        while (await turn()) widen()
      } catch (error) {
        failed = true
        throw error
      }
    }
    const end = () => {
      lanes--
      if (lanes === 0) resolve()
    }
    const widen = () => {
      while (lanes < width) {
        lanes++
        lane().then(end, reject)
      }
    }
    widen()
  })
}
