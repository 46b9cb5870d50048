/**
 * XXH64 with the seed 0, of which a zstd frame keeps the lower half. In pairs of 32 bits: with
 * bigints it would take longer than the unpacking.
 */

type Word = [high: number, low: number]

const prime1: Word = [0x9e3779b1, 0x85ebca87]
const prime2: Word = [0xc2b2ae3d, 0x27d4eb4f]
const prime3: Word = [0x165667b1, 0x9e3779f9]
const prime4: Word = [0x85ebca77, 0xc2b2ae63]
const prime5: Word = [0x27d4eb2f, 0x165667c5]
const stripeBytes = 32

export class Xxh64 {
  /** Four lanes, each of a high and a low half. */
  readonly #lanes = Int32Array.from(
    [add(prime1, prime2), prime2, [0, 0] as Word, sub([0, 0], prime1)].flat(),
  )
  #rest = Buffer.alloc(0)
  #length = 0

  update(data: Buffer): void {
    this.#length += data.length
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, data]) : data
    const end = bytes.length - (bytes.length % stripeBytes)
    stripes(this.#lanes, bytes, end)
    this.#rest = Buffer.from(bytes.subarray(end))
  }

  /** The lower half of the sum. */
  low(): number {
    let sum = add(this.#merged(), [Math.floor(this.#length / 2 ** 32), this.#length >>> 0])
    const rest = this.#rest
    let at = 0
    for (; at + 8 <= rest.length; at += 8) {
      const word: Word = [rest.readUInt32LE(at + 4), rest.readUInt32LE(at)]
      sum = add(mul(rotl(xor(sum, round([0, 0], word)), 27), prime1), prime4)
    }
    if (at + 4 <= rest.length) {
      const word: Word = [0, rest.readUInt32LE(at)]
      sum = add(mul(rotl(xor(sum, mul(word, prime1)), 23), prime2), prime3)
      at += 4
    }
    for (; at < rest.length; at++) {
      sum = mul(rotl(xor(sum, mul([0, rest[at] as number], prime5)), 11), prime1)
    }
    sum = mul(xor(sum, [0, sum[0] >>> 1]), prime2)
    sum = mul(xor(sum, shift29(sum)), prime3)
    return (sum[1] ^ sum[0]) >>> 0
  }

  #merged(): Word {
    if (this.#length < stripeBytes) return prime5
    const [a, b, c, d] = [0, 2, 4, 6].map(
      (at): Word => [this.#lanes[at] as number, this.#lanes[at + 1] as number],
    ) as [Word, Word, Word, Word]
    let sum = add(add(rotl(a, 1), rotl(b, 7)), add(rotl(c, 12), rotl(d, 18)))
    for (const lane of [a, b, c, d]) {
      sum = add(mul(xor(sum, round([0, 0], lane)), prime1), prime4)
    }
    return sum
  }
}

/** The same as `round` for each of the four lanes, without a pair to be made: this is what takes time. */
function stripes(lanes: Int32Array, bytes: Buffer, end: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let lane = 0; lane < 4; lane++) {
    let high = lanes[2 * lane] as number
    let low = lanes[2 * lane + 1] as number
    for (let at = 8 * lane; at < end; at += stripeBytes) {
      const wordLow = view.getInt32(at, true)
      const wordHigh = view.getInt32(at + 4, true)
      // + word * prime2
      const productLow = Math.imul(wordLow, prime2[1])
      const productHigh =
        mulHigh(wordLow, 0x27d4, 0xeb4f) +
        Math.imul(wordHigh, prime2[1]) +
        Math.imul(wordLow, prime2[0])
      const sumLow = (low + productLow) | 0
      const carry = sumLow >>> 0 < productLow >>> 0 ? 1 : 0
      const sumHigh = (high + productHigh + carry) | 0
      // Turned by 31.
      const turnedHigh = (sumHigh << 31) | (sumLow >>> 1)
      const turnedLow = (sumLow << 31) | (sumHigh >>> 1)
      // * prime1
      low = Math.imul(turnedLow, prime1[1])
      high =
        (mulHigh(turnedLow, 0x85eb, 0xca87) +
          Math.imul(turnedHigh, prime1[1]) +
          Math.imul(turnedLow, prime1[0])) |
        0
    }
    lanes[2 * lane] = high
    lanes[2 * lane + 1] = low
  }
}

/** The upper half of the product of two halves; the second one comes in two parts. */
function mulHigh(a: number, bHigh: number, bLow: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const first = (Math.imul(aLow, bLow) >>> 16) + (Math.imul(aHigh, bLow) >>> 0)
  const second = (first & 0xffff) + (Math.imul(aLow, bHigh) >>> 0)
  return (Math.imul(aHigh, bHigh) + Math.floor(first / 65_536) + Math.floor(second / 65_536)) | 0
}

const round = (lane: Word, word: Word): Word => mul(rotl(add(lane, mul(word, prime2)), 31), prime1)

function add([aHigh, aLow]: Word, [bHigh, bLow]: Word): Word {
  const low = (aLow >>> 0) + (bLow >>> 0)
  return [(aHigh + bHigh + (low > 0xffffffff ? 1 : 0)) | 0, low | 0]
}

const sub = (a: Word, [high, low]: Word): Word => add(add(a, [~high, ~low]), [0, 1])

const xor = ([aHigh, aLow]: Word, [bHigh, bLow]: Word): Word => [aHigh ^ bHigh, aLow ^ bLow]

const mul = ([aHigh, aLow]: Word, [bHigh, bLow]: Word): Word => [
  (mulHigh(aLow, bLow >>> 16, bLow & 0xffff) + Math.imul(aHigh, bLow) + Math.imul(aLow, bHigh)) | 0,
  Math.imul(aLow, bLow),
]

/** Up to 31 bits. */
const rotl = ([high, low]: Word, bits: number): Word => [
  (high << bits) | (low >>> (32 - bits)),
  (low << bits) | (high >>> (32 - bits)),
]

/** Shifted right by 29 bits. */
const shift29 = ([high, low]: Word): Word => [high >>> 29, (high << 3) | (low >>> 29)]
