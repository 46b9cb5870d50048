/** What tells whether bytes are the same: for people, and for steps. No read asks for it. */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

export interface Digest {
  update(chunk: Buffer): void
  end(): { sha256: string | null; crc32: number | null }
}

/** crc32 costs a sixth of sha256, and finds what no disk meant. */
export function startDigest(kind: 'sha256' | 'crc32'): Digest {
  if (kind === 'sha256') {
    const hash = createHash('sha256')
    return {
      update: (chunk) => void hash.update(chunk),
      end: () => ({ sha256: hash.digest('hex'), crc32: null }),
    }
  }
  let sum = 0
  return {
    update(chunk) {
      sum = crc32(chunk, sum)
    },
    end: () => ({ sha256: null, crc32: sum }),
  }
}
