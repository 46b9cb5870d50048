/** Finds a list that lies within a document, at the keys that lead to it, over chunks of any size. */
import { sluiceError } from '../../errors.ts'
import { isWhite } from '../jsonSyntax.ts'

const quote = 34
const colon = 58
const backslash = 92
const leftBracket = 91
const leftBrace = 123
const rightBracket = 93
const rightBrace = 125

/** A key that takes more bytes is another one: each character of a name may be an escape. */
const escapeBytes = 6

export class ListFinder {
  /** There is no list at these keys. */
  isLost = false
  readonly #path: readonly string[]
  /** So many keys of the path have led here. */
  #level = 0
  #state: 'value' | 'member' | 'behindKey' | 'passed' = 'value'
  /** Brackets that are open in a value that is passed. */
  #depth = 0
  #isText = false
  #isEscaped = false
  /** The bytes of the key under way; null where none is, or it is too long. */
  #key: number[] | null = null
  #isWanted = false

  /** @param path one key or more */
  constructor(path: readonly string[]) {
    this.#path = path
  }

  /** @returns the address behind the bracket that begins the list; -1 where that is not in the chunk */
  find(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length && !this.isLost; at++) {
      const byte = chunk[at] as number
      if (this.#isText) this.#text(byte)
      else if (this.#state === 'passed') this.#pass(byte)
      else if (this.#state === 'member') this.#member(byte)
      else if (isWhite(byte) || (this.#state === 'behindKey' && byte === colon)) continue
      else if (this.#state === 'value' || this.#isWanted) {
        if (this.#enter(byte)) return at + 1
      } else this.#leave(byte)
    }
    return -1
  }

  /** A value that the path leads to starts here. @returns whether it is the list */
  #enter(byte: number): boolean {
    if (this.#isWanted) this.#level++
    this.#isWanted = false
    const isLast = this.#level === this.#path.length
    if (isLast && byte === leftBracket) return true
    if (isLast || byte !== leftBrace) this.isLost = true
    this.#state = 'member'
    return false
  }

  /** A value of another key starts here. */
  #leave(byte: number): void {
    this.#state = byte === leftBrace || byte === leftBracket ? 'passed' : 'member'
    this.#depth = 1
    this.#isText = byte === quote
    this.#key = null
  }

  #pass(byte: number): void {
    if (byte === quote) this.#isText = true
    else if (byte === leftBrace || byte === leftBracket) this.#depth++
    else if (byte === rightBrace || byte === rightBracket) this.#depth--
    if (this.#depth === 0) this.#state = 'member'
  }

  /** Between the members of an object that the path leads to, or in a value that is a number or a word. */
  #member(byte: number): void {
    if (byte === rightBrace) this.isLost = true
    if (byte !== quote) return
    this.#isText = true
    this.#key = []
    this.#state = 'behindKey'
  }

  #text(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (byte === backslash) this.#isEscaped = true
    else if (byte === quote) {
      this.#isText = false
      if (this.#key) this.#isWanted = textOf(this.#key) === this.#path[this.#level]
      return
    }
    if (!this.#key) return
    this.#key.push(byte)
    const name = this.#path[this.#level] as string
    if (this.#key.length > escapeBytes * name.length) {
      this.#key = null
      this.#isWanted = false
    }
  }
}

/** @param path the keys that lead to no list */
export const noList = (file: string, path: readonly string[]): Error =>
  sluiceError('not_json', {
    ...{ file, format: 'JSON' },
    problem: `there is no list at ${path.join('.')}`,
  })

/** @returns null for what is no text */
function textOf(key: readonly number[]): string | null {
  try {
    return JSON.parse(`"${Buffer.from(key).toString()}"`) as string
  } catch {
    return null
  }
}
