/** Decisions out of a seed: the same seed makes the same ones, in the same order. */

export interface Random {
  /** A whole number, both ends included. */
  between(least: number, most: number): number
  /** The same, small ones as often as large ones. */
  magnitude(least: number, most: number): number
  oneOf<T>(choices: readonly [T, ...T[]]): T
  /** @param share from 0 to 1 */
  chance(share: number): boolean
}

export function seeded(seed: number): Random {
  const next = mulberry32(seed)
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1))
  return {
    between,
    magnitude: (least, most) => Math.round(least * (most / least) ** next()),
    oneOf: (choices) => choices[between(0, choices.length - 1)] ?? choices[0],
    chance: (share) => next() < share,
  }
}

/** From 0 up to 1; Tommy Ettinger's generator, which is in the public domain. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
