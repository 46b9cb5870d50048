/** What a member says of the one behind it, beyond what a header has room for. */
import { TarFault } from './header.ts'

export interface Extended {
  name?: Buffer
  sizeBytes?: number
  /** The bytes of the member are not the file: holes were left out of it. */
  isSparse?: true
}

const keyBytesMax = 200

/**
 * Records of `length key=value\n`, one after the other.
 * @throws what is wrong with them
 */
export function readPax(bytes: Buffer): Extended {
  const found: Extended = {}
  for (let at = 0; at < bytes.length; ) {
    const [digits] = /^\d{1,9}(?= )/.exec(bytes.toString('latin1', at, at + 10)) ?? []
    const end = at + Number(digits)
    const start = at + (digits ?? '').length + 1
    const equals = bytes.subarray(start, start + keyBytesMax).indexOf('=')
    const isWhole = end <= bytes.length && bytes[end - 1] === 10 && start + equals < end
    if (digits === undefined || equals < 0 || !isWhole) throw new TarFault(damaged)
    const key = bytes.toString('latin1', start, start + equals)
    take(found, key, bytes.subarray(start + equals + 1, end - 1))
    at = end
  }
  return found
}

const damaged = 'an extended header of it cannot be read'

function take(found: Extended, key: string, value: Buffer): void {
  if (key === 'path' && value.length > 0) found.name = Buffer.from(value)
  if (key.startsWith('GNU.sparse.') || key === 'SCHILY.realsize') found.isSparse = true
  if (key !== 'size') return
  const sizeBytes = /^\d{1,16}$/.test(value.toString('latin1')) ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(sizeBytes)) throw new TarFault(damaged)
  found.sizeBytes = sizeBytes
}
