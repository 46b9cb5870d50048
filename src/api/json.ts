/**
 * Where a text is not JSON.
 *
 * JSON.parse of Node 20 gives no place for most faults, and takes the last of two equal keys
 * without a word. This reads the same grammar once more, only to say what is wrong and where.
 */

const nestingMax = 100
const space = /[ \t\r\n]*/y
// One character an alternative: nothing to go back to, however long the text.
const string = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null)(?!\w)/y

type Refuse = (problem: string) => Error

/** @throws what `refuse` makes of the first fault: `line 3, column 5: …` */
export function mustBeJson(text: string, refuse: Refuse): void {
  const reader = new Reader(text, refuse)
  reader.value(0)
  reader.end()
}

class Reader {
  readonly #text: string
  readonly #refuse: Refuse
  #at = 0

  constructor(text: string, refuse: Refuse) {
    this.#text = text
    this.#refuse = refuse
  }

  value(nesting: number): void {
    if (nesting > nestingMax) throw this.#fault(`nested deeper than ${nestingMax}`)
    const char = this.#peek()
    if (char === '{') this.#object(nesting)
    else if (char === '[') this.#list(nesting)
    else if (char === '"') this.#string()
    else if (this.#take(scalar) === null) throw this.#unexpected('a value is wanted')
  }

  end(): void {
    if (this.#peek() !== '') throw this.#unexpected('the end is wanted')
  }

  #object(nesting: number): void {
    const keys = new Set<string>()
    this.#members('}', () => {
      const at = this.#at
      if (this.#peek() !== '"') throw this.#unexpected('a key in double quotes is wanted')
      const key = JSON.parse(this.#string()) as string
      if (keys.has(key)) throw this.#fault(`the key ${JSON.stringify(key)} is there twice`, at)
      keys.add(key)
      if (this.#peek() !== ':') throw this.#unexpected('a : is wanted')
      this.#at++
      this.value(nesting + 1)
    })
  }

  #list(nesting: number): void {
    this.#members(']', () => this.value(nesting + 1))
  }

  /** What brackets hold, with commas in between. */
  #members(closing: string, member: () => void): void {
    this.#at++
    if (this.#peek() !== closing) {
      for (;;) {
        this.#peek()
        member()
        if (this.#peek() !== ',') break
        const comma = this.#at++
        if (this.#peek() === closing) throw this.#fault(`a comma too many before ${closing}`, comma)
      }
    }
    if (this.#peek() !== closing) throw this.#unexpected(`a comma or ${closing} is wanted`)
    this.#at++
  }

  #string(): string {
    const found = this.#take(string)
    if (found !== null) return found
    throw this.#fault('this text has no end, or a line break, or an unknown \\ in it')
  }

  /** The next character that is no space; empty at the end. */
  #peek(): string {
    this.#take(space)
    return this.#text.charAt(this.#at)
  }

  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0] ?? null
    if (found !== null) this.#at += found.length
    return found
  }

  #unexpected(wanted: string): Error {
    const char = this.#peek()
    if (char === '') return this.#fault(`${wanted}, but the text ends`)
    if (char === '/' || char === '#') return this.#fault(`${wanted}: JSON has no comments`)
    if (char === "'") return this.#fault(`${wanted}: texts and keys take double quotes`)
    const shown = String.fromCodePoint(this.#text.codePointAt(this.#at) as number)
    return this.#fault(`${wanted}, not ${shown}`)
  }

  #fault(problem: string, at = this.#at): Error {
    const before = this.#text.slice(0, at).split(/\r\n|\r|\n/)
    const column = Array.from(before.at(-1) ?? '').length + 1
    return this.#refuse(`line ${before.length}, column ${column}: ${problem}`)
  }
}
