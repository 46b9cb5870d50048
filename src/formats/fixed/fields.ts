/** Where the fields of a line lie: by characters, whatever bytes these have, and without their blanks. */
import { absentField, plainField } from '../rewrite.ts'
import type { FixedReading } from './reading.ts'
import { lineWidth } from './widths.ts'

const BLANK = 32

export class FieldPlaces {
  /** Start, end and kind of each field, as Rewriter wants them; those of the line that was found last. */
  readonly spans: number[]
  /** How many characters the line has. */
  chars = 0
  /** How many bytes stand behind the last column, without blanks at their end. */
  restBytes = 0
  readonly width: number
  readonly #reading: FixedReading
  readonly #trimsLeft: boolean
  readonly #trimsRight: boolean
  /** Where each character starts, in a line that is not of ASCII alone. */
  readonly #offsets: Uint32Array

  constructor(reading: FixedReading) {
    const { places, trim } = reading
    this.#reading = reading
    this.#trimsLeft = trim === 'both' || trim === 'left'
    this.#trimsRight = trim === 'both' || trim === 'right'
    this.width = lineWidth(places)
    this.spans = new Array(3 * places.length).fill(0)
    this.#offsets = new Uint32Array(this.width + 1)
  }

  get isShort(): boolean {
    return this.chars < this.width
  }

  /** Whether what is too much, or too little, makes the line a reject. */
  get isRefused(): boolean {
    const { ragged } = this.#reading
    if (this.isShort) return ragged !== 'pad' && ragged !== 'fit'
    return this.restBytes > 0 && ragged !== 'trim' && ragged !== 'fit'
  }

  /** @param isAscii whether each character of the line is a byte for sure */
  find(bytes: Buffer, [from, to]: [number, number], isAscii: boolean): void {
    this.chars = isAscii ? to - from : this.#count(bytes, from, to)
    const { places } = this.#reading
    for (let at = 0; at < places.length; at++) {
      const [first, behind] = places[at] as readonly [number, number]
      const start = this.#offset(first, { from, to, isAscii })
      const end = this.#offset(behind, { from, to, isAscii })
      this.#field(bytes, at, [start, end])
      this.spans[3 * at + 2] = first < this.chars ? plainField : absentField
    }
    const rest = this.#offset(this.width, { from, to, isAscii })
    this.restBytes = this.#blanksFrom(bytes, rest, to) - rest
  }

  #offset(
    char: number,
    { from, to, isAscii }: { from: number; to: number; isAscii: boolean },
  ): number {
    if (char >= this.chars) return to
    return isAscii ? from + char : (this.#offsets[char] as number)
  }

  #field(bytes: Buffer, field: number, [from, to]: [number, number]): void {
    let start = from
    const end = this.#trimsRight ? this.#blanksFrom(bytes, from, to) : to
    if (this.#trimsLeft) while (start < end && bytes[start] === BLANK) start++
    this.spans[3 * field] = start
    this.spans[3 * field + 1] = end
  }

  /** Where only blanks are left. */
  #blanksFrom(bytes: Buffer, from: number, to: number): number {
    let end = to
    while (end > from && bytes[end - 1] === BLANK) end--
    return end
  }

  /** A byte that goes on with a character is none by itself. */
  #count(bytes: Buffer, from: number, to: number): number {
    let chars = 0
    for (let at = from; at < to; at++) {
      if (((bytes[at] as number) & 0xc0) === 0x80) continue
      if (chars <= this.width) this.#offsets[chars] = at
      chars++
    }
    return chars
  }
}
