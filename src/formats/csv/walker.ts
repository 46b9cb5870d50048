/**
 * The one machine that knows where fields and records end: byte by byte, over pieces of any size.
 *
 * - A quote opens only where a field begins. In any other field quotes are text.
 * - It closes where a delimiter, a line end or the end of the record follows. Doubled, or behind the
 *   escape, it is one of the value. Anything else behind a closing quote is a fault.
 *
 * COPY reads otherwise: for it every quote opens or closes. So a record with quotes that are text
 * is `odd`, and must not be given to COPY as it is.
 */
import { escapedField, plainField, quotedField } from '../rewrite.ts'
import { CR, LF, type Marks } from './marks.ts'

const atStart = 0
const inText = 1
const inQuotes = 2
const behindEscape = 3
const behindQuote = 4
const behindQuoteAndCr = 5

/** What a step tells that goes no further. */
const isEnd = 0
const isFault = -1
const isUnsure = -2
const stops: readonly Stop[] = ['end', 'fault', 'more']

/**
 * `end` at a newline outside quotes, `fault` at what may not follow a closing quote, `more` where
 * the bytes end.
 */
export type Stop = 'end' | 'fault' | 'more'

export interface WalkerOptions {
  /** Keeps where the fields lie: see `spans`. */
  spans?: boolean
  /** A field with a fault is text, from its first byte on, and the walk goes on. */
  lenient?: boolean
}

export class RecordWalker {
  /** The fields of the record under way so far, and how many of them begin with a quote. */
  fields = 1
  quoted = 0
  /** Some quotes are text; of some no sense can be made, which only a lenient walk goes on behind. */
  odd = false
  faulty = false
  /** Line ends within quotes, and where the first line ends: `base` + index, 0 for nowhere. */
  lines = 0
  firstLineEnd = 0
  /** Where the walk stopped. */
  at = 0
  /** Where the bytes lie for which the next walk is asked. */
  base = 0
  /** Start, end and kind of each field, the quotes around it not included. */
  readonly spans: number[] = []

  readonly #marks: Marks
  readonly #first: number
  readonly #size: number
  readonly #keepsSpans: boolean
  readonly #isLenient: boolean
  #state = atStart
  #fieldStart = 0
  #quoteEnd = 0
  #kind = plainField

  constructor(marks: Marks, { spans = false, lenient = false }: WalkerOptions = {}) {
    this.#marks = marks
    this.#first = marks.delimiter[0] as number
    this.#size = marks.delimiter.length
    this.#keepsSpans = spans
    this.#isLenient = lenient
  }

  /** Must be called in front of each record. */
  begin(): void {
    this.fields = 1
    this.quoted = 0
    this.odd = false
    this.faulty = false
    this.lines = 0
    this.firstLineEnd = 0
    this.spans.length = 0
    this.#state = atStart
  }

  /** @param isLast no more bytes will come: what could be half a delimiter is none */
  walk(bytes: Buffer, from: number, isLast: boolean): Stop {
    let at = from
    let stop: Stop = 'more'
    while (at < bytes.length) {
      const state = this.#state
      if (state === atStart) at = this.#open(bytes, at)
      else if (state === inText) at = this.#walkText(bytes, at)
      else if (state <= behindEscape) at = this.#walkQuotes(bytes, at)
      if (at >= bytes.length) break
      const isOver = this.#state === inText || this.#state >= behindQuote
      const step = isOver ? this.#step(bytes, at, isLast) : 0
      if (step > 0) at += step
      else if (isOver) {
        stop = stops[-step] as Stop
        break
      }
    }
    this.at = at
    return stop
  }

  /** The bytes end here, and so does the record. @returns `fault` within quotes */
  finish(bytes: Buffer): Stop {
    this.at = bytes.length
    if (this.#state === inQuotes || this.#state === behindEscape) {
      if (!this.#isLenient) return 'fault'
      this.#takeForText()
    }
    if (this.#state === atStart) {
      this.#fieldStart = bytes.length
      this.#kind = plainField
    }
    this.#endField(bytes, bytes.length, true)
    return 'end'
  }

  #open(bytes: Buffer, at: number): number {
    this.#fieldStart = at
    this.#kind = plainField
    if (bytes[at] !== this.#marks.quote) {
      this.#state = inText
      return at
    }
    this.quoted++
    this.#kind = quotedField
    this.#state = inQuotes
    return at + 1
  }

  /** Walks to the next byte that may end an unquoted text. */
  #walkText(bytes: Buffer, from: number): number {
    const { newline, quote } = this.#marks
    const first = this.#first
    let at = from
    for (; at < bytes.length; at++) {
      const byte = bytes[at]
      if (byte === first || byte === newline) break
      if (byte === quote) this.odd = true
    }
    return at
  }

  /** Walks to the next byte behind what may be a closing quote. */
  #walkQuotes(bytes: Buffer, from: number): number {
    const { newline, quote, escape } = this.#marks
    let isEscaped = this.#state === behindEscape
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at]
      if (byte === newline) {
        this.lines++
        if (this.firstLineEnd === 0) this.firstLineEnd = this.base + at + 1
      }
      if (isEscaped) isEscaped = false
      else if (byte === escape) {
        isEscaped = true
        this.#kind = escapedField
      } else if (byte === quote) {
        this.#quoteEnd = at
        this.#state = behindQuote
        return at + 1
      }
    }
    this.#state = isEscaped ? behindEscape : inQuotes
    return bytes.length
  }

  /** @returns how many bytes to go on by; what is not positive is a reason to stop */
  #step(bytes: Buffer, at: number, isLast: boolean): number {
    const { newline, quote, escape } = this.#marks
    const byte = bytes[at]
    if (byte === newline) {
      this.#endField(bytes, at, true)
      return isEnd
    }
    if (this.#state !== behindQuoteAndCr && byte === this.#first) {
      const size = this.#size === 1 ? 1 : this.#delimiterAt(bytes, at, isLast)
      if (size < 0) return isUnsure
      if (size > 0) {
        this.#endField(bytes, at, false)
        this.fields++
        this.#state = atStart
        return size
      }
    }
    if (this.#state === inText) return 1
    if (this.#state === behindQuote) {
      if (byte === quote && escape < 0) {
        this.#kind = escapedField
        this.#state = inQuotes
        return 1
      }
      if (byte === CR && newline === LF) {
        this.#state = behindQuoteAndCr
        return 1
      }
    }
    if (!this.#isLenient) return isFault
    this.#takeForText()
    return this.#step(bytes, at, isLast)
  }

  /** The field under way, with the quote that it begins with. */
  #takeForText(): void {
    this.faulty = true
    this.#kind = plainField
    this.#state = inText
  }

  /** @returns its size, 0 when it is none, or -1 when more bytes must tell */
  #delimiterAt(bytes: Buffer, at: number, isLast: boolean): number {
    const { delimiter } = this.#marks
    const size = Math.min(this.#size, bytes.length - at)
    if (bytes.compare(delimiter, 0, size, at, at + size) !== 0) return 0
    if (size === this.#size) return size
    return isLast ? 0 : -1
  }

  #endField(bytes: Buffer, at: number, isRecordEnd: boolean): void {
    if (!this.#keepsSpans) return
    if (this.#kind !== plainField) {
      this.spans.push(this.#fieldStart + 1, this.#quoteEnd, this.#kind)
      return
    }
    const hasCr = isRecordEnd && this.#marks.newline === LF && bytes[at - 1] === CR
    const end = hasCr && at > this.#fieldStart ? at - 1 : at
    this.spans.push(this.#fieldStart, end, plainField)
  }
}
