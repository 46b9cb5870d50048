/** Makes tar archives, good ones and others. */

const blockBytes = 512

export interface TarEntry {
  name: string
  content?: string | Buffer
  /** One character; an ordinary file if absent. */
  type?: string
  /** In the place of the size of the content. */
  sizeBytes?: number
  /** What the header has in place of a number in octal. */
  size?: Buffer
  prefix?: string
}

/** With a mark of its end, and filled up as GNU does it. */
export function tar(entries: readonly TarEntry[], { end = true } = {}): Buffer {
  const bytes = Buffer.concat(entries.flatMap(blocksOf))
  if (!end) return bytes
  const whole = Math.ceil((bytes.length + 2 * blockBytes) / 10_240) * 10_240
  return Buffer.concat([bytes, Buffer.alloc(whole - bytes.length)])
}

function blocksOf({ name, content = '', type = '0', ...entry }: TarEntry): Buffer[] {
  const bytes = Buffer.from(content)
  const header = Buffer.alloc(blockBytes)
  header.write(name, 0, 100)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(octal(entry.sizeBytes ?? bytes.length, 11), 124)
  entry.size?.copy(header, 124)
  header.write(octal(0, 11), 136)
  header.write(type, 156)
  header.write('ustar\x0000', 257)
  header.write(entry.prefix ?? '', 345, 155)
  return [
    signed(header),
    bytes,
    Buffer.alloc((blockBytes - (bytes.length % blockBytes)) % blockBytes),
  ]
}

const octal = (value: number, digits: number): string =>
  `${value.toString(8).padStart(digits, '0')} `

/** With the checksum of the other bytes. */
export function signed(header: Buffer): Buffer {
  header.write(' '.repeat(8), 148)
  const sum = header.subarray(0, blockBytes).reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

/** An extended header of the member behind it. */
export const pax = (records: Record<string, string>): TarEntry => ({
  name: 'PaxHeaders/x',
  type: 'x',
  content: Object.entries(records)
    .map(([key, value]) => recordOf(` ${key}=${value}\n`))
    .join(''),
})

/** The length of a record counts the digits of itself. */
function recordOf(rest: string): string {
  const bytes = Buffer.byteLength(rest)
  const length = bytes + String(bytes + String(bytes).length).length
  return `${length}${rest}`
}
