/** The syntax of globs: their tokens, and their braces written out. */

/** Makes an error of what is wrong with a glob. */
export type Refuse = (problem: string) => Error

/** What braces may come to when they are written out: ways, and tokens of all ways. */
const waysMax = 100
const sizeMax = 10_000

/** Each way is a glob without braces, as tokens: `a{b,c}` → `ab`, `ac`. */
export const waysOf = (pattern: string, refuse: Refuse): string[][] =>
  new Braces(tokensOf(pattern, refuse), refuse).writtenOut()

/** A character, an escaped character, stars, or a whole `[…]`. */
function tokensOf(pattern: string, refuse: Refuse): string[] {
  const token = /\*+|\\.|\[[!^]?\]?(?:\\.|[^\]\\])*\]|./gsu
  const tokens = Array.from(pattern.matchAll(token), ([text]) => text)
  if (tokens.includes('[')) throw refuse('a [ has no ]; for the character itself write \\[')
  if (tokens.includes('\\')) throw refuse('there is nothing behind the last \\')
  return tokens
}

class Braces {
  readonly #tokens: string[]
  readonly #refuse: Refuse
  #at = 0

  constructor(tokens: string[], refuse: Refuse) {
    this.#tokens = tokens
    this.#refuse = refuse
  }

  writtenOut(): string[][] {
    const ways = this.#sequence(false)
    if (sizeOf(ways) > sizeMax) throw this.#refuse(tooMany)
    return ways
  }

  /** Up to the end, or within braces to the next comma or the closing brace. */
  #sequence(within: boolean): string[][] {
    let ways: string[][] = [[]]
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at] as string
      if (within && (token === ',' || token === '}')) return ways
      this.#at++
      if (token === '}') throw this.#refuse('a } has no {; for the character itself write \\}')
      if (token === '{') ways = this.#product(ways, this.#either())
      else for (const way of ways) way.push(token)
    }
    return ways
  }

  /** Behind an opening brace, up to and with its closing one. */
  #either(): string[][] {
    const ways = this.#sequence(true)
    let alternatives = 1
    for (; this.#tokens[this.#at] === ','; alternatives++) {
      this.#at++
      ways.push(...this.#sequence(true))
    }
    if (this.#at === this.#tokens.length) {
      throw this.#refuse('a { has no }; for the character itself write \\{')
    }
    if (alternatives === 1) {
      throw this.#refuse(
        'braces take alternatives with a comma: {a,b}; for the character write \\{',
      )
    }
    this.#at++
    return ways
  }

  #product(left: string[][], right: string[][]): string[][] {
    const characters = sizeOf(left) * right.length + sizeOf(right) * left.length
    if (left.length * right.length > waysMax || characters > sizeMax) throw this.#refuse(tooMany)
    return left.flatMap((start) => right.map((end) => [...start, ...end]))
  }
}

const sizeOf = (ways: string[][]): number => ways.reduce((sum, way) => sum + way.length, 0)

const tooMany = `its braces come to more than ${waysMax} globs, or to ${sizeMax} characters`

/** `./data//big/` and `data/big` are the same folder, in a glob as in a path. */
export function tidy(way: string[]): string[] {
  const once = way.filter((token, at) => token !== '/' || way[at - 1] !== '/')
  let from = 0
  while (once[from] === '.' && once[from + 1] === '/') from += 2
  const to = once.length - (once.length - from > 1 && once.at(-1) === '/' ? 1 : 0)
  return once.slice(from, to)
}
