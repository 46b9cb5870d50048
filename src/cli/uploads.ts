/** The uploads of an API, as its client sees them. */
import type { UploadProgress } from '../stage/stage.ts'
import { answerOf, anyAnswerOf, problemOf } from './answer.ts'

interface UploadPart {
  /** Where it begins; 0 begins the upload. */
  offset: number
  /** All that is left of the file. */
  bytes: AsyncIterable<Buffer>
  signal: AbortSignal
}

export function uploadsAt(url: string) {
  const at = (name: string) => `/v1/uploads/${encodeURIComponent(name)}`
  return {
    async upload(
      name: string,
      bytes: AsyncIterable<Uint8Array>,
      signal: AbortSignal,
    ): Promise<void> {
      await answerOf(url, at(name), streamed('PUT', bytes, signal))
    },
    /** How much of an upload has arrived; null when there is none of that name. */
    async uploaded(name: string): Promise<UploadProgress | null> {
      const answer = await anyAnswerOf(url, at(name), { method: 'HEAD' })
      if (answer.status === 404) return null
      if (!answer.ok) throw await problemOf(answer, url)
      return progressIn(answer)
    },
    /** What has arrived of it stays when it is cut short. */
    async uploadPart(name: string, { offset, bytes, signal }: UploadPart): Promise<UploadProgress> {
      const ofPart: Record<string, string> =
        offset === 0
          ? {}
          : { 'upload-offset': String(offset), 'content-type': 'application/partial-upload' }
      const answer = await answerOf(url, at(name), {
        ...streamed(offset === 0 ? 'PUT' : 'PATCH', bytes, signal),
        headers: { 'upload-complete': '?1', ...ofPart },
      })
      return progressIn(answer)
    },
    async removeUpload(name: string): Promise<void> {
      await answerOf(url, at(name), { method: 'DELETE' })
    },
  }
}

const streamed = (
  method: string,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): RequestInit => ({ method, signal, body: bytes as never, duplex: 'half' }) as RequestInit

function progressIn({ headers }: Response): UploadProgress {
  const [, digest] = /sha-256=:([^:]+):/.exec(headers.get('repr-digest') ?? '') ?? []
  return {
    sizeBytes: Number(headers.get('upload-offset') ?? 0),
    isComplete: headers.get('upload-complete') !== '?0',
    sha256: digest === undefined ? null : Buffer.from(digest, 'base64').toString('hex'),
  }
}
