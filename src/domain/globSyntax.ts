/**
 * The syntax of globs: tokens, groups, and those braces written out that a slash is in.
 *
 * The globs of files know more than those of routes: groups such as `!(a|b)`, classes such as
 * `[:digit:]`, and ranges such as `{1..12}`. What does not fit the syntax is text there, for a file
 * may be called so; in a route it is refused.
 */

/** Makes an error of what is wrong with a glob. */
export type Refuse = (problem: string) => Error

/** A character, an escaped character, stars, a whole `[…]`, or a group. */
export type Token = string | Group

export interface Group {
  /** `{` and `@`: one of the ways. `?`: or nothing. `*`, `+`: several. `!`: anything else. */
  opens: '{' | '@' | '?' | '*' | '+' | '!'
  ways: Token[][]
}

export interface Syntax {
  /** Whether it is the syntax of files. */
  isOfFiles: boolean
  refuse: Refuse
}

/** What braces may come to when they are written out: ways, and tokens of all ways. */
const waysMax = { files: 1000, routes: 100 }
const sizeMax = 10_000
const depthMax = 50
/** The members of `{1..12}`. */
const rangeMax = 1000

/** Each way is a glob without braces that hold a slash: `a{b/,c}` → `ab/`, `ac`. */
export function waysOf(pattern: string, syntax: Syntax): Token[][] {
  const written = new Braces(syntax).writtenOut(tokensOf(pattern, syntax))
  if (sizeOf(written) > sizeMax) throw syntax.refuse(tooMany(syntax))
  return written
}

export function tokensOf(pattern: string, syntax: Syntax): Token[] {
  const { isOfFiles, refuse } = syntax
  const token = isOfFiles
    ? /\*\(|[!?+@]\(|\*+(?!\()|\\.|\[[!^]?\]?(?:\[:[a-z]{1,9}:\]|\\.|[^\]\\])*\]|./gsu
    : /\*+|\\.|\[[!^]?\]?(?:\\.|[^\]\\])*\]|./gsu
  const texts = Array.from(pattern.matchAll(token), ([text]) => text)
  if (!isOfFiles && texts.includes('[')) {
    throw refuse('a [ has no ]; for the character itself write \\[')
  }
  if (!isOfFiles && texts.includes('\\')) throw refuse('there is nothing behind the last \\')
  return new Groups(texts, syntax).all()
}

/** Puts what stands between braces, or between the parentheses of a group, into one token. */
class Groups {
  readonly #texts: string[]
  readonly #syntax: Syntax
  /** Where the group ends that begins here. Absent where it does not end. */
  readonly #ends: Map<number, number>
  #at = 0

  constructor(texts: string[], syntax: Syntax) {
    this.#texts = texts
    this.#syntax = syntax
    this.#ends = endsOf(texts, syntax)
  }

  all(): Token[] {
    return this.#ways(null, this.#texts.length)[0] as Token[]
  }

  /** The alternatives up to `end`, which is not part of them. */
  #ways(parts: ',' | '|' | null, end: number): Token[][] {
    const ways: Token[][] = [[]]
    while (this.#at < end) {
      const text = this.#texts[this.#at] as string
      const close = this.#ends.get(this.#at)
      if (text === parts) ways.push([])
      else ways.at(-1)?.push(...(close === undefined ? asText(text) : this.#group(text, close)))
      this.#at++
    }
    return ways
  }

  /** @returns the group, or what it is written with where it is only text */
  #group(text: string, close: number): Token[] {
    const from = this.#at++
    const isBrace = text === '{'
    const ways = this.#ways(isBrace ? ',' : '|', close)
    if (!isBrace) return [{ opens: text[0] as Group['opens'], ways }]
    if (ways.length > 1) return [{ opens: '{', ways }]
    if (!this.#syntax.isOfFiles) {
      throw this.#syntax.refuse(
        'braces take alternatives with a comma: {a,b}; for the character write \\{',
      )
    }
    const range = rangeOf(this.#texts.slice(from + 1, close).join(''))
    return range ? [{ opens: '{', ways: range }] : ['\\{', ...(ways[0] as Token[]), '\\}']
  }
}

/** A bracket that closes nothing, or is closed by nothing, is text. */
const asText = (text: string): Token[] => {
  if (text !== '{' && isOpening(text)) {
    return text.startsWith('*') || text.startsWith('?')
      ? [text[0] as string, '(']
      : Array.from(text)
  }
  return ['{', '[', '\\'].includes(text) ? [`\\${text}`] : [text]
}

/** @throws in the syntax of routes, where braces do not fit each other */
function endsOf(texts: string[], { isOfFiles, refuse }: Syntax): Map<number, number> {
  const ends = new Map<number, number>()
  const open: number[] = []
  const close = (text: string, at: number) => {
    const start = open.findLastIndex((from) => (texts[from] === '{') === (text === '}'))
    if (start < 0) return isOfFiles
    ends.set(open[start] as number, at)
    open.length = start
    return true
  }
  for (const [at, text] of texts.entries()) {
    if (isOpening(text)) open.push(at)
    else if (text !== '}' && (text !== ')' || !isOfFiles)) continue
    else if (!close(text, at)) throw refuse('a } has no {; for the character itself write \\}')
    if (open.length > depthMax && isOfFiles) throw refuse(`more than ${depthMax} groups are open`)
  }
  if (open.length > 0 && !isOfFiles) {
    throw refuse('a { has no }; for the character itself write \\{')
  }
  return ends
}

const isOpening = (text: string): boolean => text === '{' || /^[!?+@*]\($/.test(text)

/** `1..12`, `01..12`, `a..f`; null when it is none, or has too many members. */
function rangeOf(text: string): Token[][] | null {
  const [, from = '', to = ''] = /^(-?\d{1,9}|[a-zA-Z])\.\.(-?\d{1,9}|[a-zA-Z])$/.exec(text) ?? []
  const isOfNumbers = /\d$/.test(from) && /\d$/.test(to)
  if (from === '' || (!isOfNumbers && (from.length > 1 || to.length > 1))) return null
  const codeOf = (end: string) => (isOfNumbers ? Number(end) : (end.codePointAt(0) as number))
  const [first, last] = [codeOf(from), codeOf(to)].sort((a, b) => a - b) as [number, number]
  if (last - first >= rangeMax) return null
  const isPadded = isOfNumbers && /^-?0\d/.test(from.length >= to.length ? from : to)
  const width = isPadded ? Math.max(from.length, to.length) : 0
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const member = first + index
    if (!isOfNumbers) return [String.fromCodePoint(member)]
    return Array.from((member < 0 ? '-' : '') + `${Math.abs(member)}`.padStart(width, '0'))
  })
}

class Braces {
  readonly #syntax: Syntax

  constructor(syntax: Syntax) {
    this.#syntax = syntax
  }

  writtenOut(tokens: Token[]): Token[][] {
    let ways: Token[][] = [[]]
    for (const token of tokens) {
      if (typeof token !== 'string' && this.#mustGo(token)) {
        ways = this.#product(
          ways,
          token.ways.flatMap((way) => this.writtenOut(way)),
        )
      } else for (const way of ways) way.push(token)
    }
    return ways
  }

  /** One without a slash stays: a text goes through all its alternatives side by side. */
  #mustGo({ opens, ways }: Group): boolean {
    return opens === '{' && (!this.#syntax.isOfFiles || ways.some((way) => way.some(hasFolders)))
  }

  #product(left: Token[][], right: Token[][]): Token[][] {
    const { isOfFiles, refuse } = this.#syntax
    const characters = sizeOf(left) * right.length + sizeOf(right) * left.length
    const most = isOfFiles ? waysMax.files : waysMax.routes
    if (left.length * right.length > most || characters > sizeMax) {
      throw refuse(tooMany(this.#syntax))
    }
    return left.flatMap((start) => right.map((end) => [...start, ...end]))
  }
}

const hasFolders = (token: Token): boolean =>
  typeof token === 'string'
    ? token === '/' || token === '\\/' || token.startsWith('**')
    : token.ways.some((way) => way.some(hasFolders))

const sizeOf = (ways: Token[][]): number =>
  ways.reduce((sum, way) => sum + way.reduce((size, token) => size + tokenSize(token), 0), 0)

const tokenSize = (token: Token): number => (typeof token === 'string' ? 1 : 1 + sizeOf(token.ways))

const tooMany = ({ isOfFiles }: Syntax): string =>
  `its braces come to more than ${isOfFiles ? waysMax.files : waysMax.routes} globs, ` +
  `or to ${sizeMax} characters`

/** `./data//big/` and `data/big` are the same folder, in a glob as in a path. */
export function tidy(way: Token[]): Token[] {
  const once = way.filter((token, at) => token !== '/' || way[at - 1] !== '/')
  let from = 0
  while (once[from] === '.' && once[from + 1] === '/') from += 2
  const to = once.length - (once.length - from > 1 && once.at(-1) === '/' ? 1 : 0)
  return once.slice(from, to)
}
