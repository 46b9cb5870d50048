/** A decimal as its digits: the bytes are a whole number in two's complement, its first byte first. */

/** A numeric of PostgreSQL has no more; the digits of a longer number take a time that is not linear. */
const bytesMax = 512
const safeBytes = 6

/** @returns the number; its bytes, which no numeric takes, where it has more digits than that */
export function decimalText(bytes: Buffer, [from, to]: [number, number], scale: number): string {
  if (from === to) return '0'
  if (to - from <= safeBytes) return withPoint(String(bytes.readIntBE(from, to - from)), scale)
  const start = withoutSign(bytes, from, to)
  if (to - start > bytesMax) return `\\\\x${bytes.toString('hex', start, start + bytesMax)}...`
  const value = BigInt.asIntN(8 * (to - start), BigInt(`0x${bytes.toString('hex', start, to)}`))
  return withPoint(String(value), scale)
}

/** Where its bytes say more than its sign. */
function withoutSign(bytes: Buffer, from: number, to: number): number {
  const fill = (bytes[from] as number) < 128 ? 0 : 255
  let at = from
  while (at < to - 1 && bytes[at] === fill && ((bytes[at + 1] as number) ^ fill) < 128) at++
  return at
}

function withPoint(digits: string, scale: number): string {
  if (scale === 0) return digits
  const isNegative = digits.startsWith('-')
  const all = (isNegative ? digits.slice(1) : digits).padStart(scale + 1, '0')
  const point = all.length - scale
  return `${isNegative ? '-' : ''}${all.slice(0, point)}.${all.slice(point)}`
}
