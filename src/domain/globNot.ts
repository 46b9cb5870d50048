/**
 * `!(…)`: all names but those of a glob.
 *
 * The states of the glob become one state for each set of them that a text can reach at once. Then
 * a text is always in exactly one, and those that are no end are the ends of its opposite.
 */
import type { Refuse } from './globSyntax.ts'
import { addEdges, end, type Range, type State, slash } from './globWalk.ts'

const maxCode = 0x10ffff
/** Ordinary ones need a few hundred. `!(*a???????????)` would need thousands of states. */
const stepsMax = 500_000

/**
 * @param states of the glob that is not to match; the last one is its end
 * @param here the number that the first of the new states will have
 * @returns states that lead to the one behind them
 * @throws what `refuse` makes of a glob that would need too many
 */
export function anythingBut(states: State[], here: number, refuse: Refuse): State[] {
  const ranges = alphabetOf(states)
  const sets = new Sets(states, refuse)
  const found = [sets.closed([0])]
  const numbers = new Map([[found[0]?.join() ?? '', 0]])
  const made: State[] = []
  // It grows while it is gone through.
  for (const set of found) {
    const state = end()
    for (const range of ranges) {
      const next = sets.next(set, range[0])
      const key = next.join()
      let number = numbers.get(key)
      if (number === undefined) {
        number = found.push(next) - 1
        numbers.set(key, number)
      }
      join(state, range, here + number)
    }
    made.push(state)
  }
  const isLast = (at: number) => found[at]?.includes(states.length - 1)
  for (const [at, state] of made.entries()) {
    if (!isLast(at)) state.skips.push(here + made.length)
  }
  return made
}

function join(state: State, [from, to]: Range, number: number): void {
  const last = state.edges.at(-1)
  if (last?.[2] === number && last[1] + 1 === from) last[1] = to
  else addEdges(state, [[from, to]], number)
}

/** Ranges of characters that all states treat alike, without the slash. */
function alphabetOf(states: State[]): Range[] {
  const edges = states.flatMap((state) => state.edges)
  const cuts = new Set([0, slash, slash + 1, ...edges.flatMap(([from, to]) => [from, to + 1])])
  const starts = [...cuts].filter((code) => code <= maxCode).sort((a, b) => a - b)
  return starts
    .map((from, at): Range => [from, (starts[at + 1] ?? maxCode + 1) - 1])
    .filter(([from]) => from !== slash)
}

class Sets {
  readonly #states: State[]
  readonly #refuse: Refuse
  #steps = 0

  constructor(states: State[], refuse: Refuse) {
    this.#states = states
    this.#refuse = refuse
  }

  next(set: number[], code: number): number[] {
    const reached: number[] = []
    for (const at of set) {
      for (const [from, to, state] of this.#states[at]?.edges ?? []) {
        this.#count()
        if (code >= from && code <= to) reached.push(state)
      }
    }
    return this.closed(reached)
  }

  /** The states, with all that are reached without a character, in order. */
  closed(reached: number[]): number[] {
    const all = new Set(reached)
    for (const at of all) {
      for (const skip of this.#states[at]?.skips ?? []) {
        this.#count()
        all.add(skip)
      }
    }
    this.#count(all.size)
    return [...all].sort((a, b) => a - b)
  }

  #count(more = 1): void {
    this.#steps += more
    if (this.#steps > stepsMax) throw this.#refuse('what its !(…) leaves out is too complicated')
  }
}
