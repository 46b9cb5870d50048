/**
 * What pause and resume do: verbs wait while the ingest is paused, also those that are scheduled
 * and that no worker has begun. Such a one finds the pause in the ledger, and hands itself back.
 */
import { CancellationScope, condition, patched, setHandler } from '@temporalio/workflow'
import {
  type HandedBack,
  isHandedBack,
  type Pausable,
  type Progress,
} from '../src/domain/ingestInput.ts'
import { pause, pauseUpdate, resume, resumeUpdate } from './signals.ts'

export interface Gate {
  /** Resolves at once unless the ingest is paused. */
  ready(): Promise<void>
  /** Runs a verb, as often as it hands itself back. */
  pass<T>(verb: (hold: Pausable) => Promise<T | HandedBack>): Promise<T>
}

/** What a run of an ingest goes by. */
export interface Run {
  progress: Progress
  gate: Gate
}

/**
 * @param mark shows in the ledger whether the ingest is paused; the flag of `progress` is what
 *   counts, and the ledger follows
 */
export function gateOf(progress: Progress, mark: (paused: boolean) => Promise<void>): Gate {
  // A cancel of the ingest must not end a mark: its handler would end the workflow before the sweep.
  const marks = marksInTurn(() => CancellationScope.nonCancellable(() => mark(progress.paused)))
  const setPaused = (paused: boolean, order?: number) => {
    // The ledger numbers them: if two were sent at once, the later one counts.
    if (order === undefined || order > (progress.steered ?? 0)) {
      progress.paused = paused
      if (order !== undefined) progress.steered = order
    }
    return marks.write()
  }
  setHandler(pause, (order) => setPaused(true, order))
  setHandler(resume, (order) => setPaused(false, order))
  setHandler(pauseUpdate, (order) => setPaused(true, order))
  setHandler(resumeUpdate, (order) => setPaused(false, order))

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
        if (!progress.paused) await (marks.last() ?? marks.write())
        await ready()
      }
    },
  }
}

interface Marks {
  /** Asks for a mark. */
  write(): Promise<void>
  /** The last one asked for, while it is not written. */
  last(): Promise<void> | null
}

/**
 * Marks are written one after the other: two at a time could be written in either order. One that
 * has not begun does for all that ask meanwhile, since it writes what holds when it begins.
 */
function marksInTurn(mark: () => Promise<void>): Marks {
  let marking: Promise<void> | null = null
  let waiting: Promise<void> | null = null
  return {
    last: () => marking,
    write() {
      if (waiting && patched('marks-joined')) return waiting
      const before = marking
      let own: Promise<void>
      if (before && patched('marks-in-turn')) {
        const begin = () => {
          if (waiting === own) waiting = null
          return mark()
        }
        own = before.then(begin, begin)
        waiting = own
      } else own = mark()
      marking = own
      const forget = () => {
        if (marking === own) marking = null
      }
      own.then(forget, forget)
      return own
    },
  }
}
