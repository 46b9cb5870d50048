/** Where elements start and end: by the depth of brackets alone, whatever is within them. */
import { sluiceError } from '../../errors.ts'
import type { Between } from '../jsonPlain.ts'
import type { Spans } from '../jsonReader.ts'
import type { Finder } from '../jsonScan.ts'
import { isWhite } from '../jsonSyntax.ts'
import type { RecordAt } from '../reader.ts'

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
  /** For errors; slices have none. */
  file?: string
}

export class ElementFinder implements Finder {
  readonly behind = 0
  readonly between: Between
  readonly #around: Around
  #depth = 0
  #isText = false
  #isEscaped = false
  /** At the first byte of an element. */
  #isFirst = false
  /** The list is closed, and something else than blanks follows the document. */
  #isOver = false
  #isFollowed = false

  constructor(around: Around) {
    this.#around = around
    this.between = { newline: null, isList: around.isList }
  }

  isBlank(): boolean {
    return false
  }

  start(chunk: Buffer, from: number): number {
    if (this.#isOver) return this.#pass(chunk, from)
    let at = from
    while (isWhite(chunk[at] as number) || chunk[at] === comma) at++
    if (at >= chunk.length) return -1
    if (this.#around.isList && chunk[at] === rightBracket) {
      this.#isOver = true
      this.#depth = this.#around.within ?? 0
      return this.#pass(chunk, at + 1)
    }
    this.#isFirst = true
    this.#depth = 0
    return at
  }

  end(chunk: Buffer, from: number): number {
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

  /** @throws document_broken when the list was not closed behind an element, or something follows it */
  finish(isWithin: boolean, records: number): void {
    const { isList, file = '' } = this.#around
    if (!isList || isWithin) return
    const isOpen = !this.#isOver || this.#depth > 0
    if (!isOpen && !this.#isFollowed) return
    const problem = isOpen
      ? `it ends behind element ${records}, before its list or what is around it is closed`
      : 'text follows behind its end'
    throw sluiceError('document_broken', { file, problem })
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
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] as number
      if (this.#isText || byte === quote) this.#text(byte)
      else if (byte === leftBrace || byte === leftBracket) this.#depth++
      else if (byte === rightBrace || byte === rightBracket) {
        this.#depth--
        continue
      }
      if (this.#depth <= 0 && !isWhite(byte)) this.#isFollowed = true
    }
    if (this.#depth < 0) this.#isFollowed = true
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
