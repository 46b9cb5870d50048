/** Files that are stored whole or not at all, each under keys of its own: none is ever written over. */
import { randomUUID } from 'node:crypto'
import type { Bucket } from './bucket.ts'
import { type StoredFile, type StoredPart, sizeOf } from './parts.ts'
import { PartWriter, type Sending } from './partWriter.ts'

export interface Store {
  bucket: Bucket
  sending: Sending
}

export interface Written {
  /** What the keys of its parts begin with. */
  base: string
  parts: StoredPart[]
  sizeBytes: number
}

interface WriteOptions {
  /** What the file is called in messages. */
  file: string
  /** Sees every chunk, in order, while it is sent. */
  tap?: (chunk: Buffer) => void
}

/**
 * @param folder where it goes, up to its slash; a name of its own comes behind it
 * @throws stage_full, stage_refused, stage_unavailable, and what `bytes` and `tap` throw
 */
export async function writeWhole(
  { bucket, sending }: Store,
  folder: string,
  bytes: AsyncIterable<Buffer>,
  { file, tap = () => {} }: WriteOptions,
): Promise<Written> {
  const base = `${folder}${randomUUID()}/`
  const writer = new PartWriter({ bucket, sending, base, file })
  try {
    for await (const chunk of bytes) {
      const adding = writer.add(chunk)
      adding.catch(() => {})
      tap(chunk)
      await adding
    }
    const parts = await writer.end()
    return { base, parts, sizeBytes: sizeOf(parts) }
  } catch (error) {
    await writer.abandon()
    throw error
  }
}

/** A list of parts, as it is stored. */
export const toList = (parts: readonly StoredPart[]): [number, string][] =>
  parts.map(({ sizeBytes, etag }) => [sizeBytes, etag])

export const fromList = (base: string, list: [number, string][]): StoredFile => ({
  base,
  parts: list.map(([sizeBytes, etag]) => ({ sizeBytes, etag })),
})
