/**
 * Globs over paths and over names, in time linear in the text whatever the glob.
 *
 * Braces are written out first; what is left is a row of places. All places that a text can have
 * reached are walked side by side, so there is nothing to go back to, and a hostile glob costs its
 * length for each character at most. A workflow may use it: no regular expression is made of what
 * somebody wrote.
 *
 *   *     any characters, in a path within one folder     ?       one such character
 *   **    any folders, also none (in a name: as `*`)      [a-z]   one of these; [!a-z] none of these
 *   {a,b} either, also one within the other               \*      the character itself
 */
import { type Refuse, tidy, waysOf } from './globSyntax.ts'

/** `path`: `/` parts folders, which `*`, `?` and `[…]` do not cross. `name`: `/` is like any other. */
export type GlobKind = 'path' | 'name'

export interface Glob {
  matches(text: string): boolean
  /** What a character of a text costs at most. */
  size: number
}

export const globCharsMax = 1000

/** A place in a way, and where a character leads from it; `nowhere` is no place. */
interface Place {
  /** This one (a code point) leads to `to`, any other one to `rest`. */
  code: number
  to: number
  rest: number
  /** Of the others only these. */
  only: ((code: number) => boolean) | null
  /** A later place that is reached from here without a character. */
  skipTo: number
}

const nowhere = -1
const slash = 47
/** No character has it. */
const none = -1

/** @throws what `refuse` makes of the problem, which is for the one who wrote the glob */
export function parseGlob(pattern: string, kind: GlobKind, refuse: Refuse): Glob {
  if (pattern === '') throw refuse('a glob cannot be empty')
  if (pattern.length > globCharsMax) throw refuse(`a glob has at most ${globCharsMax} characters`)
  if (pattern.startsWith('!')) {
    throw refuse('a glob cannot be turned round with !; for the character itself write \\!')
  }
  const rows = waysOf(pattern, refuse).map((way) =>
    placesOf(kind === 'path' ? tidy(way) : way, kind, refuse),
  )
  return {
    matches: (text) => rows.some((places) => accepts(places, text)),
    size: rows.reduce((sum, places) => sum + places.length, 0),
  }
}

function placesOf(way: string[], kind: GlobKind, refuse: Refuse): Place[] {
  const barrier = kind === 'path' ? slash : none
  const places: Place[] = []
  for (let at = 0; at < way.length; at++) {
    const token = way[at] as string
    if (!token.startsWith('**') || kind === 'name') {
      places.push(placeOf(token, { here: places.length, barrier, refuse }))
      continue
    }
    if (token !== '**' || !isEdge(way[at - 1]) || !isEdge(way[at + 1])) {
      throw refuse('** stands for whole folders: write it alone between slashes')
    }
    // `**/**` is no more than `**`.
    if (way[at + 2] !== '**') addFolders(places, at + 1 === way.length)
    // With the slash behind it.
    at++
  }
  return places
}

function placeOf(
  token: string,
  { here, barrier, refuse }: { here: number; barrier: number; refuse: Refuse },
): Place {
  if (token.startsWith('*')) return many(here, barrier)
  if (token === '?') return { ...place, code: barrier, rest: here + 1 }
  if (!token.startsWith('[')) return { ...place, code: codeOf(token), to: here + 1 }
  return { ...place, code: barrier, rest: here + 1, only: setOf(token, refuse) }
}

const isEdge = (token: string | undefined): boolean => token === undefined || token === '/'

const place: Place = { code: none, to: nowhere, rest: nowhere, only: null, skipTo: nowhere }

const many = (here: number, barrier: number): Place => ({
  ...place,
  code: barrier,
  rest: here,
  skipTo: here + 1,
})

function addFolders(places: Place[], isLast: boolean): void {
  const here = places.length
  if (!isLast) {
    // Any number of `folder/`: the place between them, and the one within.
    const step = { ...place, code: slash, to: here, rest: here + 1 }
    places.push({ ...step, skipTo: here + 2 }, step)
  } else if (here === 0) places.push(many(here, none))
  else {
    // `data/**` is for the folder `data` itself, too: its slash is part of what may be left out.
    const optional = { ...place, code: slash, to: here, skipTo: here + 1 }
    places.splice(here - 1, 1, optional, many(here, none))
  }
}

/** `[abc]`, `[a-z]`, `[!a-z]`, `[^a-z]`. A `]` is one of them when it stands first. */
function setOf(token: string, refuse: Refuse): (code: number) => boolean {
  const inner = token.slice(1, -1)
  const isNot = /^[!^]/.test(inner)
  const listed = isNot ? inner.slice(1) : inner
  if (listed === '') throw refuse(`${token} has nothing in it`)
  if (listed.includes('[:')) throw refuse(`${token}: classes like [:alpha:] are not known`)
  const ranges: [number, number][] = []
  const parts = /(\\.|.)(?:-(\\.|.))?/gsu
  for (const [, first = '', last = first] of listed.matchAll(parts)) {
    const range: [number, number] = [codeOf(first), codeOf(last)]
    if (range[0] > range[1]) throw refuse(`${token}: ${first}-${last} runs backwards`)
    ranges.push(range)
  }
  return (code) => ranges.some(([from, to]) => from <= code && code <= to) !== isNot
}

/** Of a character, or of one behind a backslash. */
const codeOf = (token: string): number =>
  (token.length > 1 && token.startsWith('\\') ? token.slice(1) : token).codePointAt(0) as number

function accepts(places: Place[], text: string): boolean {
  const walk = new Walk(places)
  for (const char of text) {
    if (!walk.take(char.codePointAt(0) as number)) return false
  }
  return walk.isAtEnd
}

/** All places of a way that a text can have reached, side by side. */
class Walk {
  readonly #places: Place[]
  /** The number of the character that last led to a place. */
  readonly #reachedBy: Int32Array
  #charNo = 0
  #now: Int32Array
  #then: Int32Array
  #count = 0

  constructor(places: Place[]) {
    const size = places.length + 1
    this.#places = places
    this.#reachedBy = new Int32Array(size).fill(-1)
    this.#now = new Int32Array(size)
    this.#then = new Int32Array(size)
    this.#reach(0)
    this.#turn()
  }

  /** @returns false when no text can come to the end from here */
  take(code: number): boolean {
    const count = this.#count
    this.#count = 0
    this.#charNo++
    for (let index = 0; index < count; index++) {
      const from = this.#places[this.#now[index] as number]
      if (from) this.#reach(nextOf(from, code))
    }
    this.#turn()
    return this.#count > 0
  }

  get isAtEnd(): boolean {
    return this.#reachedBy.at(-1) === this.#charNo
  }

  #reach(from: number): void {
    for (let at = from; at !== nowhere && this.#reachedBy[at] !== this.#charNo; ) {
      this.#reachedBy[at] = this.#charNo
      this.#then[this.#count++] = at
      at = this.#places[at]?.skipTo ?? nowhere
    }
  }

  #turn(): void {
    ;[this.#now, this.#then] = [this.#then, this.#now]
  }
}

function nextOf({ code, to, rest, only }: Place, char: number): number {
  if (char === code) return to
  return only === null || only(char) ? rest : nowhere
}
