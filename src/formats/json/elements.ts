/** Where elements start and end: by the depth of brackets alone, whatever is within them. */
import { sluiceError } from '../../errors.ts'
import type { Between } from '../jsonPlain.ts'
import type { Spans } from '../jsonReader.ts'
import type { Finder } from '../jsonScan.ts'
import { isWhite } from '../jsonSyntax.ts'
import type { RecordAt } from '../reader.ts'
import { ListFinder, noList } from './list.ts'

const quote = 34
const comma = 44
const leftBracket = 91
const backslash = 92
const rightBracket = 93
const leftBrace = 123
const rightBrace = 125

interface Around {
  /** Behind the last element stands a bracket that closes the list. */
  isList: boolean
  /** How many objects are around it. */
  within?: number
  /** The keys that lead to the list, where it is yet to be found. */
  at?: readonly string[]
  /** For errors. A slice has none: its commas were looked at while its file was staged. */
  file?: string
}

const problems = {
  noComma: 'no comma in front of this element',
  noElement: 'a comma without an element in front of it',
  noNext: 'a comma without an element behind it',
  open: 'it ends here, before its list or what is around it is closed',
}

export class ElementFinder implements Finder {
  readonly behind = 0
  readonly between: Between
  readonly #around: Around
  readonly #list: ListFinder | null
  #depth = 0
  #isText = false
  #isEscaped = false
  /** At the first byte of an element. */
  #isFirst = false
  /** What is wrong with the record under way, but for what is within it. */
  problem: string | null = null
  /** Whether an element came, and whether a comma came behind the last one. */
  #hasElement = false
  #hasComma = false
  /** The record under way is nothing: it ends where it starts. */
  #isNothing = false
  /** The list is closed, and something else than blanks follows the document. */
  #isOver = false
  #isFollowed = false

  constructor(around: Around) {
    this.#around = around
    this.#list = around.at ? new ListFinder(around.at) : null
    this.between = { newline: null, isList: around.isList }
  }

  isBlank(): boolean {
    return false
  }

  open(chunk: Buffer, from: number): number {
    return this.#list ? this.#list.find(chunk, from) : from
  }

  /** @throws not_json */
  mustHaveOpened(): void {
    const { at, file = '' } = this.#around
    if (at) throw noList(file, at)
  }

  start(chunk: Buffer, from: number): number {
    if (this.#isOver) return this.#pass(chunk, from)
    this.problem = null
    let at = from
    for (; at < chunk.length; at++) {
      const byte = chunk[at] as number
      if (byte === comma && !this.#isComma()) return at
      if (byte !== comma && !isWhite(byte)) break
    }
    if (at >= chunk.length) return -1
    if (this.#around.isList && chunk[at] === rightBracket) {
      if (this.#isNothingBehind()) return at
      this.#isOver = true
      this.#depth = this.#around.within ?? 0
      return this.#pass(chunk, at + 1)
    }
    const { isList, file } = this.#around
    if (isList && file !== undefined && this.#hasElement && !this.#hasComma) {
      this.problem = problems.noComma
    }
    this.#hasElement = true
    this.#hasComma = false
    this.#isFirst = true
    this.#depth = 0
    return at
  }

  /** @returns false for one that has no element in front of it, and is a record by itself */
  #isComma(): boolean {
    if (this.#around.file === undefined) return true
    if (this.#hasElement && !this.#hasComma) {
      this.#hasComma = true
      return true
    }
    this.problem = problems.noElement
    return false
  }

  /** Where a comma is the last thing that came there is a record that is nothing. */
  #isNothingBehind(): boolean {
    if (!this.#hasComma) return false
    this.#hasComma = false
    this.#isNothing = true
    this.problem = problems.noNext
    return true
  }

  end(chunk: Buffer, from: number): number {
    if (this.#isNothing) {
      this.#isNothing = false
      return from
    }
    if (this.problem === problems.noElement) return from + 1
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] as number
      if (this.#isText || byte === quote) {
        if (this.#text(byte) && this.#depth === 0) return at + 1
      } else if (byte === leftBrace || byte === leftBracket) this.#depth++
      else if (byte === rightBrace || byte === rightBracket) {
        // A bracket too many is an element by itself, and no record.
        if (this.#depth === 0) return this.#isFirst ? at + 1 : at
        if (--this.#depth === 0) return at + 1
      } else if (this.#depth === 0 && (byte === comma || isWhite(byte))) return at
      this.#isFirst = false
    }
    return -1
  }

  /** @throws document_broken when something follows the end of the document */
  finish(isWithin: boolean): string | null {
    const { isList, file = '' } = this.#around
    if (isWithin) return null
    if (!isList) return this.#hasComma ? problems.noNext : null
    if (!this.#isOver || this.#depth > 0) return problems.open
    if (!this.#isFollowed) return null
    throw sluiceError('document_broken', { file, problem: 'text follows behind its end' })
  }

  /** Within a string, or at its first quote. @returns whether it ends here */
  #text(byte: number): boolean {
    if (!this.#isText) {
      this.#isText = true
      return false
    }
    if (this.#isEscaped) this.#isEscaped = false
    else if (byte === backslash) this.#isEscaped = true
    else if (byte === quote) {
      this.#isText = false
      return true
    }
    return false
  }

  /** Behind the list. */
  #pass(chunk: Buffer, from: number): -1 {
    for (let at = from; at < chunk.length && !this.#isFollowed; at++) {
      const byte = chunk[at] as number
      // All brackets are closed.
      if (this.#depth === 0) this.#isFollowed = !isWhite(byte)
      else if (this.#isText || byte === quote) this.#text(byte)
      else if (byte === leftBrace || byte === leftBracket) this.#depth++
      else if (byte === rightBrace || byte === rightBracket) this.#depth--
    }
    return -1
  }
}

export const spansOf = (isList = false): Spans => ({
  between: { newline: null, isList },
  of: (slice, before) => elementsOf(slice, before, isList),
})

/** @param before elements in front of the slice */
export function* elementsOf(slice: Buffer, before: number, isList = false): Generator<RecordAt> {
  const finder = new ElementFinder({ isList })
  let line = before
  for (let at = 0; at < slice.length; ) {
    const start = finder.start(slice, at)
    if (start < 0) return
    const found = finder.end(slice, start)
    const end = found < 0 ? slice.length : found
    line++
    yield { line, start, end, next: end, broken: false, odd: false }
    at = end
  }
}
