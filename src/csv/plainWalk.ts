/**
 * Over the records of one line, as nearly all are: the fast part of the scan.
 *
 * Where newlines and quotes are rare, memchr (`indexOf`) finds them, at several GB/s. Where they
 * are dense its calls would cost more than they save: then eight bytes are looked at together, or
 * each by itself where nearly every word would have one. The loops keep all they need in local
 * variables, which makes them twice as fast.
 */

export interface WalkLimits {
  /** -1 when nothing is quoted. */
  quote: number
  newline: number
  /** What a line that is no record starts with; -1 for nothing. */
  comment: number
  /** A record of this many bytes is not plain. */
  sizeMax: number
}

const sampleBytes = 1024
/** From so many marks in a sample on, words are faster than memchr, and bytes than words. */
const wordsFrom = 24
const bytesFrom = 160

/** Walks until the first newline that does not end a plain record. */
export class PlainWalk {
  /** The first byte that is not walked over. */
  index = 0
  /** Where the record under way starts. */
  start = 0
  inQuotes = false
  /** How many records ended. */
  records = 0

  readonly #limits: WalkLimits
  /** A record that ends here or later is left to the careful walk: a cut is due. */
  #stopAt = 0

  constructor(limits: WalkLimits) {
    this.#limits = limits
  }

  walk(buffer: Buffer, stopAt: number): void {
    const { comment } = this.#limits
    this.#stopAt = stopAt
    this.records = 0
    // The careful walk knows what to do with a comment.
    if (comment >= 0 && this.index === this.start && buffer[this.index] === comment) return
    const marks = this.#marksIn(buffer)
    if (marks < wordsFrom) this.#walkMarks(buffer)
    else if (marks < bytesFrom) this.#walkWords(buffer)
    else this.#walkBytes(buffer, buffer.length)
    // Behind the newline, when a comment follows.
    this.index = Math.max(this.index, this.start)
  }

  #marksIn(buffer: Buffer): number {
    const { newline, quote } = this.#limits
    const end = Math.min(buffer.length, this.index + sampleBytes)
    let marks = 0
    for (let index = this.index; index < end; index++) {
      const byte = buffer[index]
      if (byte === newline || byte === quote) marks++
    }
    return marks
  }

  #walkMarks(buffer: Buffer): void {
    const { newline, quote, comment, sizeMax } = this.#limits
    const stopAt = this.#stopAt
    const none = buffer.length
    const find = (byte: number, from: number): number => {
      const at = buffer.indexOf(byte, from)
      return at < 0 ? none : at
    }
    let { start, inQuotes, records } = this
    let nextQuote = quote < 0 ? none : find(quote, this.index)
    let at = find(newline, this.index)
    for (; ; at = find(newline, at + 1)) {
      while (nextQuote < at) {
        inQuotes = !inQuotes
        nextQuote = find(quote, nextQuote + 1)
      }
      const size = at - start
      // Of fewer than two bytes it may be blank.
      if (inQuotes || size < 2 || size >= sizeMax || at + 1 >= stopAt || at === none) break
      records++
      start = at + 1
      if (comment >= 0 && buffer[start] === comment) break
    }
    Object.assign(this, { index: at, start, inQuotes, records })
  }

  /** Byte by byte to a word's boundary, then by words, then byte by byte to the end. */
  #walkWords(buffer: Buffer): void {
    const offset = buffer.byteOffset
    const aligned = ((offset + this.index + 3) & ~3) - offset
    if (!this.#walkBytes(buffer, Math.min(aligned, buffer.length))) return
    const count = ((buffer.length - aligned) >> 2) & ~1
    if (count > 0) {
      const words = new Int32Array(buffer.buffer, offset + aligned, count)
      if (!this.#walkAligned(buffer, words, aligned)) return
    }
    this.#walkBytes(buffer, buffer.length)
  }

  /** @returns whether it came to the end */
  #walkBytes(buffer: Buffer, end: number): boolean {
    const { newline, quote, comment, sizeMax } = this.#limits
    const highest = Math.max(newline, quote)
    const stopAt = this.#stopAt
    let { start, inQuotes, records, index } = this
    for (; index < end; index++) {
      const byte = buffer[index] as number
      if (byte > highest) continue
      if (byte === newline) {
        const size = index - start
        if (inQuotes || size < 2 || size >= sizeMax || index + 1 >= stopAt) break
        records++
        start = index + 1
        if (comment >= 0 && buffer[start] === comment) break
      } else if (byte === quote) inQuotes = !inQuotes
    }
    Object.assign(this, { index, start, inQuotes, records })
    return index >= end
  }

  /**
   * The zero byte trick: of `x` with a wanted byte turned to zero, `(x - 0x01010101) & ~x` has the
   * highest bit of that byte. It may have some above it as well, so the byte itself is asked.
   */
  #walkAligned(buffer: Buffer, words: Int32Array, base: number): boolean {
    const { newline, quote, comment, sizeMax } = this.#limits
    const stopAt = this.#stopAt
    const newlines = newline * 0x01010101
    const quotes = quote < 0 ? newlines : quote * 0x01010101
    let { start, inQuotes, records } = this
    const count = words.length
    for (let at = 0; at < count; at += 2) {
      const low = words[at] as number
      const high = words[at + 1] as number
      const inLow = (((low ^ newlines) - 0x01010101) | ((low ^ quotes) - 0x01010101)) & ~low
      const inHigh = (((high ^ newlines) - 0x01010101) | ((high ^ quotes) - 0x01010101)) & ~high
      if (((inLow | inHigh) & 0x80808080) === 0) continue
      // One bit for each of the eight bytes, in their order.
      let marks = bits(inLow) | (bits(inHigh) << 4)
      while (marks !== 0) {
        const index = base + (at << 2) + (31 - Math.clz32(marks & -marks))
        marks &= marks - 1
        const byte = buffer[index]
        if (byte === quote) inQuotes = !inQuotes
        else if (byte === newline) {
          const size = index - start
          let done = inQuotes || size < 2 || size >= sizeMax || index + 1 >= stopAt
          if (!done) {
            records++
            start = index + 1
            done = comment >= 0 && buffer[start] === comment
          }
          if (done) {
            Object.assign(this, { index, start, inQuotes, records })
            return false
          }
        }
      }
    }
    Object.assign(this, { index: base + (count << 2), start, inQuotes, records })
    return true
  }
}

/** The highest bits of four bytes, as the lowest four bits. */
const bits = (word: number): number => Math.imul((word >>> 7) & 0x01010101, 0x10204080) >>> 28
