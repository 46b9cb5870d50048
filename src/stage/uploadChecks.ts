/** What uploads are held to, wherever they lie. */
import type { UploadLimits } from '../domain/upload.ts'
import { sluiceError } from '../errors.ts'

/** @throws upload_checksum_differs */
export function mustHash(name: string, sha256: string, given: string | undefined): void {
  if (given === undefined || given === sha256) return
  throw sluiceError('upload_checksum_differs', { name, found: sha256, given })
}

interface Limited {
  name: string
  /** Bytes of it that have arrived before. */
  there: number
  limits: UploadLimits
  /** Bytes of all uploads when it began. */
  allBytes: number
}

/** @throws upload_too_large, uploads_full */
export async function* limited(
  bytes: AsyncIterable<Buffer>,
  { name, there, limits: { eachMax, allMax }, allBytes }: Limited,
): AsyncGenerator<Buffer> {
  let came = 0
  for await (const chunk of bytes) {
    came += chunk.length
    if (there + came > eachMax) throw sluiceError('upload_too_large', { name, max: eachMax })
    if (allBytes + came > allMax) throw sluiceError('uploads_full', { name, max: allMax })
    yield chunk
  }
}
