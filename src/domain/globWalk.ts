/** The states of a glob, and the walk of a text through them. */

export interface State {
  /** Where a character leads: its first and last code point, in order, and the state. */
  edges: [from: number, to: number, state: number][]
  /** States that are reached from here without a character. */
  skips: number[]
  /** The dot that a name begins with leads nowhere from here. */
  leavesDots: boolean
}

/** Code points, the first and the last one. */
export type Range = [from: number, to: number]

export const slash = 47
const dot = 46

export const end = (): State => ({ edges: [], skips: [], leavesDots: false })

/** The character of a token, also of one behind a backslash. */
export const codeOf = (token: string): number =>
  (token.length > 1 && token.startsWith('\\') ? token.slice(1) : token).codePointAt(0) as number

/** The ranges without a character that they must not take. */
export const barred = (ranges: readonly Range[], barrier: number | null): Range[] =>
  ranges.flatMap(([from, to]): Range[] => {
    if (barrier === null || barrier < from || barrier > to) return [[from, to]]
    const parts: Range[] = [
      [from, barrier - 1],
      [barrier + 1, to],
    ]
    return parts.filter(([first, last]) => first <= last)
  })

export function addEdges(state: State, ranges: readonly Range[], to: number): void {
  state.edges.push(...ranges.map(([from, last]): State['edges'][number] => [from, last, to]))
  state.edges.sort(([a], [b]) => a - b)
}

/** All states that a text can have reached, side by side. */
export class Walk {
  readonly #states: State[]
  /** The number of the character that last led to a state. */
  readonly #reachedBy: Int32Array
  #charNo = 0
  #before = slash
  #now: number[] = []
  /** What the text has cost so far: states made ready and reached, edges and skips looked at. */
  steps = 0

  constructor(states: State[]) {
    this.#states = states
    this.#reachedBy = new Int32Array(states.length).fill(-1)
    this.steps += states.length >> 4
    this.#reach(0)
    this.#close()
  }

  /** @returns false when no text can come to the end from here */
  takeAll(text: string): boolean {
    for (const char of text) {
      if (!this.take(char.codePointAt(0) as number)) return false
    }
    return true
  }

  take(code: number): boolean {
    const isFirst = this.#before === slash
    const from = this.#now
    this.#now = []
    this.#charNo++
    for (const at of from) {
      const state = this.#states[at] as State
      this.steps++
      if (!(isFirst && code === dot && state.leavesDots)) this.#follow(state, code)
    }
    this.#close()
    this.#before = code
    return this.#now.length > 0
  }

  get isAtEnd(): boolean {
    return this.#reachedBy.at(-1) === this.#charNo
  }

  #follow({ edges }: State, code: number): void {
    let low = 0
    let high = edges.length - 1
    while (low <= high) {
      this.steps++
      const middle = (low + high) >> 1
      const [from, to, state] = edges[middle] as State['edges'][number]
      if (code >= from && code <= to) {
        this.#reach(state)
        return
      }
      if (code < from) high = middle - 1
      else low = middle + 1
    }
  }

  #reach(state: number): void {
    this.steps++
    if (this.#reachedBy[state] === this.#charNo) return
    this.#reachedBy[state] = this.#charNo
    this.#now.push(state)
  }

  /** Adds what is reached without a character; the list grows while it is gone through. */
  #close(): void {
    for (const at of this.#now) {
      for (const skip of this.#states[at]?.skips ?? []) this.#reach(skip)
    }
  }
}
