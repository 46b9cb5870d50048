/**
 * Globs over paths, over names, and over the files of a folder, in time linear in the text
 * whatever the glob.
 *
 * A glob becomes states and edges between them. All states that a text can have reached are walked
 * side by side, so there is nothing to go back to, and a hostile glob costs its length for each
 * character at most. A workflow may use it: no regular expression is made of what a user wrote.
 *
 *   *     any characters, in a path within one folder     ?       one such character
 *   **    any folders, also none (in a name: as `*`)      [a-z]   one of these; [!a-z] any other
 *   {a,b} either, also one within the other               \*      the character itself
 *
 * For files also @(a|b), ?(a|b), *(a|b), +(a|b), !(a|b), [[:digit:]] and {1..12}.
 */
import { anythingBut } from './globNot.ts'
import { rangesOf } from './globSet.ts'
import { type Group, type Refuse, type Token, tidy, tokensOf, waysOf } from './globSyntax.ts'
import { addEdges, barred, codeOf, end, type State, slash, Walk } from './globWalk.ts'

/**
 * `path`: `/` parts folders, which `*`, `?` and `[…]` do not cross. `name`: `/` is like any other.
 * `files`: a path below a folder; `*`, `?` and `**` do not take the dot that a name begins with.
 * `keys`: as `files`, and each slash and dot counts: `a//b` is another key than `a/b`.
 */
export type GlobKind = 'path' | 'name' | 'files' | 'keys'

export interface Glob {
  matches(text: string): boolean
  /** Whether a text that begins with this one may match. */
  mayBegin(text: string): boolean
  /** What a character of a text costs at most. */
  size: number
  /** One walk for each way that its braces come to. */
  begin(): Walk[]
}

export const globCharsMax = 1000
/** The longest path that Linux takes. */
const fileGlobCharsMax = 4096

/** @throws what `refuse` makes of the problem, which is told to the author of the glob */
export function parseGlob(pattern: string, kind: GlobKind, refuse: Refuse): Glob {
  const isOfFiles = isForFiles(kind)
  const charsMax = isOfFiles ? fileGlobCharsMax : globCharsMax
  if (pattern === '') throw refuse('a glob cannot be empty')
  if (pattern.length > charsMax) throw refuse(`a glob has at most ${charsMax} characters`)
  if (pattern.startsWith('!') && !isOfFiles) {
    throw refuse('a glob cannot be turned round with !; for the character itself write \\!')
  }
  const rows = waysOf(pattern, { isOfFiles, refuse }).map((way) =>
    new Compiler(kind, refuse).statesOf(kind === 'name' || kind === 'keys' ? way : tidy(way)),
  )
  const begin = () => rows.map((states) => new Walk(states))
  return {
    matches: (text) => begin().some((walk) => walk.takeAll(text) && walk.isAtEnd),
    mayBegin: (text) => begin().some((walk) => walk.takeAll(text)),
    size: rows.reduce((sum, states) => sum + states.length, 0),
    begin,
  }
}

/** The parts of a glob of files. */
interface Split {
  /** The folder that it starts from. */
  base: string
  /** The glob below that. */
  below: string
  /** All that is text before the first that is not: each match begins with it. */
  begin: string
}

/**
 * Where a glob of files starts from. A path without anything of a glob is null.
 * @throws what `refuse` makes of a glob with too many groups in each other
 */
export function splitGlob(glob: string, refuse: Refuse): Split | null {
  const tokens = tokensOf(glob.slice(0, fileGlobCharsMax), { isOfFiles: true, refuse })
  const dynamic = tokens.findIndex((token) => typeof token !== 'string' || /^[*?]|^\[./.test(token))
  if (dynamic < 0) return null
  const fixed = tokens.slice(0, dynamic) as string[]
  const cut = fixed.lastIndexOf('/') + 1
  const length = fixed.slice(0, cut).reduce((sum, token) => sum + token.length, 0)
  const textOf = (tokens: string[]) => String.fromCodePoint(...tokens.map(codeOf))
  return { base: textOf(fixed.slice(0, cut)), below: glob.slice(length), begin: textOf(fixed) }
}

/** A path as a glob of files that matches it only. */
export const escapeGlob = (path: string): string => path.replace(/[\\*?[\]{}()!+@,|]/g, '\\$&')

class Compiler {
  readonly #kind: GlobKind
  readonly #refuse: Refuse
  readonly #barrier: number | null
  readonly #states: State[] = []

  constructor(kind: GlobKind, refuse: Refuse) {
    this.#kind = kind
    this.#refuse = refuse
    this.#barrier = kind === 'name' ? null : slash
  }

  /** The last one is the end. */
  statesOf(way: Token[]): State[] {
    for (let at = 0; at < way.length; at++) {
      const token = way[at] as Token
      if (this.#isOfFolders(way, at)) {
        // `**/**` is no more than `**`.
        if (way[at + 2] !== '**') this.#addFolders(at + 1 === way.length)
        // With the slash behind it.
        at++
      } else if (isNegation(token)) {
        const isOpen = isStar(way[at + 1])
        this.#addNegation(token, isOpen)
        if (isOpen) at++
      } else this.#add(token)
    }
    this.#states.push(end())
    return this.#states
  }

  #isOfFolders(way: Token[], at: number): boolean {
    const token = way[at] as Token
    if (this.#kind === 'name' || typeof token !== 'string' || !token.startsWith('**')) return false
    if (token === '**' && isEdge(way[at - 1]) && isEdge(way[at + 1])) return true
    // In the globs of files it is a `*` then, as in those of a shell.
    if (isForFiles(this.#kind)) return false
    throw this.#refuse('** stands for whole folders: write it alone between slashes')
  }

  #add(token: Token): void {
    if (typeof token !== 'string') this.#addGroup(token)
    else this.#states.push(this.#stateOf(token))
  }

  #stateOf(token: string): State {
    const here = this.#states.length
    const state = end()
    if (token.startsWith('*')) {
      addEdges(state, barred([[0, maxCode]], this.#barrier), here)
      state.skips.push(here + 1)
    } else if (token === '?') addEdges(state, barred([[0, maxCode]], this.#barrier), here + 1)
    else if (/^\[./s.test(token)) {
      const ranges = rangesOf(token, { isOfFiles: isForFiles(this.#kind), refuse: this.#refuse })
      addEdges(state, barred(ranges, this.#barrier), here + 1)
    } else addEdges(state, [[codeOf(token), codeOf(token)]], here + 1)
    const isWild = token.startsWith('*') || token === '?'
    return { ...state, leavesDots: isWild && isForFiles(this.#kind) }
  }

  #addGroup({ opens, ways }: Group): void {
    const from = this.#states.length
    const split = end()
    this.#states.push(split)
    const joins = ways.map((way) => {
      split.skips.push(this.#states.length)
      for (const [at, token] of way.entries()) {
        if (isNegation(token)) this.#addNegation(token, isStar(way[at + 1]))
        else if (!(isStar(token) && isNegation(way[at - 1]))) this.#add(token)
      }
      const join = end()
      this.#states.push(join)
      return join
    })
    const to = this.#states.length
    if (opens === '?' || opens === '*') split.skips.push(to)
    const isRepeated = opens === '*' || opens === '+'
    for (const join of joins) join.skips.push(to, ...(isRepeated ? [from] : []))
  }

  /** @param isOpen a `*` follows: `!(a)*` is a name that does not begin with a */
  #addNegation({ ways }: Group, isOpen: boolean): void {
    const inner = new Compiler('path', this.#refuse)
    inner.#addGroup({ opens: '@', ways: isOpen ? ways.map((way) => [...way, '*']) : ways })
    inner.#states.push(end())
    this.#states.push(...anythingBut(inner.#states, this.#states.length, this.#refuse))
  }

  #addFolders(isLast: boolean): void {
    const here = this.#states.length
    const leavesDots = isForFiles(this.#kind)
    const many = (at: number): State => {
      const state = { ...end(), leavesDots }
      addEdges(state, [[0, maxCode]], at)
      state.skips.push(at + 1)
      return state
    }
    if (!isLast) {
      // Any number of `folder/`: the state between them, and the one within.
      const step = () => {
        const state = { ...end(), leavesDots }
        addEdges(state, [[slash, slash]], here)
        addEdges(state, barred([[0, maxCode]], slash), here + 1)
        return state
      }
      const between = step()
      between.skips.push(here + 2)
      this.#states.push(between, step())
    } else if (here === 0) this.#states.push(many(here))
    else {
      // `data/**` is for the folder `data` itself, too: its slash is part of what may be absent.
      const optional = end()
      addEdges(optional, [[slash, slash]], here)
      optional.skips.push(here + 1)
      this.#states.splice(here - 1, 1, optional, many(here))
    }
  }
}

const maxCode = 0x10ffff

const isForFiles = (kind: GlobKind): boolean => kind === 'files' || kind === 'keys'

const isEdge = (token: Token | undefined): boolean => token === undefined || token === '/'
const isStar = (token: Token | undefined): boolean =>
  typeof token === 'string' && token.startsWith('*')
const isNegation = (token: Token | undefined): token is Group =>
  typeof token === 'object' && token.opens === '!'
