/**
 * What pause and resume do: verbs wait while the ingest is paused, also those that are scheduled
 * and that no worker has begun. Such a one finds the pause in the ledger, and hands itself back.
 */
import { condition, patched, setHandler } from '@temporalio/workflow'
import {
  type HandedBack,
  isHandedBack,
  type Pausable,
  type Progress,
} from '../src/domain/ingestInput.ts'
import { pause, resume } from './signals.ts'

export interface Gate {
  /** Resolves at once unless the ingest is paused. */
  ready(): Promise<void>
  /** Runs a verb, as often as it hands itself back. */
  pass<T>(verb: (hold: Pausable) => Promise<T | HandedBack>): Promise<T>
}

/**
 * @param mark shows in the ledger whether the ingest is paused; the flag of `progress` is what
 *   counts, and the ledger follows
 */
export function gateOf(progress: Progress, mark: (paused: boolean) => Promise<void>): Gate {
  let marking: Promise<void> | null = null
  const follow = (): Promise<void> => {
    const before = marking
    const write = () => mark(progress.paused)
    // Two marks at a time could be written in either order.
    const own = before && patched('marks-in-turn') ? before.then(write, write) : write()
    marking = own
    const forget = () => {
      if (marking === own) marking = null
    }
    own.then(forget, forget)
    return own
  }
  const setPaused = (paused: boolean) => {
    progress.paused = paused
    return follow()
  }
  setHandler(pause, () => setPaused(true))
  setHandler(resume, () => setPaused(false))

  const ready = () => condition(() => !progress.paused)
  return {
    ready,
    async pass(verb) {
      if (progress.paused && patched('pause-holds-verbs')) await ready()
      let again = false
      for (;;) {
        const done = await verb(again ? { again } : {})
        if (!isHandedBack(done)) return done
        again ||= done.again
        // Resumed meanwhile: then the ledger must know it, or the verb comes back once more.
        if (!progress.paused) await (marking ?? follow())
        await ready()
      }
    },
  }
}
