/**
 * Files as objects: each is some parts that follow one another, an object each. So bytes of any length
 * are written as they come and held for one part only, a part that was sent twice is the same part,
 * and nothing is ever under way in the store that an ordinary list of objects does not show.
 */
import { SluiceError } from '../../errors.ts'
import { readPart } from '../../http/readFile.ts'
import { readAll } from '../../io/chunks.ts'
import { mapOrdered } from '../../io/mapOrdered.ts'
import type { Range } from '../../io/openFile.ts'
import type { Bucket } from './bucket.ts'

export interface StoredPart {
  sizeBytes: number
  etag: string
}

export interface StoredFile {
  /** What the keys of its parts begin with. */
  base: string
  parts: readonly StoredPart[]
}

/** Where a part lies: it begins at this byte of its file. */
export const partKey = (base: string, offset: number, sizeBytes: number): string =>
  `${base}${String(offset).padStart(15, '0')}-${sizeBytes}`

/** The parts of a file that is stored whole; null for a key that is none. */
export function parsePartKey(name: string): { offset: number; sizeBytes: number } | null {
  const [, offset, sizeBytes] = /^(\d{15})-(\d{1,15})$/.exec(name) ?? []
  return sizeBytes === undefined ? null : { offset: Number(offset), sizeBytes: Number(sizeBytes) }
}

export const sizeOf = (parts: readonly StoredPart[]): number =>
  parts.reduce((bytes, part) => bytes + part.sizeBytes, 0)

/** How much of a part one request asks for, and how many are under way: as for a source in S3. */
const pieceBytes = 4 * 1024 * 1024
const connections = 4

interface Piece extends StoredPart {
  key: string
  range: Range
}

/**
 * The bytes of a range, under the ETags of its parts.
 * @throws stage_refused, stage_unavailable, and what `gone` makes of a part that is not what it was
 */
export async function* readParts(
  bucket: Bucket,
  { base, parts }: StoredFile,
  { range, name, gone, signal }: PartsReading,
): AsyncGenerator<Buffer> {
  const stop = new AbortController()
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const read = ({ key, etag, sizeBytes, range }: Piece) => {
    const file = { name, pin: { etag, sizeBytes } }
    const bytes = readPart(bucket.ask(key, name), file, { range, signal: either })
    return readAll(bytes, range.end - range.start)
  }
  try {
    for await (const bytes of mapOrdered(piecesOf(base, parts, range), connections, read)) {
      let isTaken = false
      try {
        yield bytes
        isTaken = true
      } finally {
        // A reader that wants no more does not wait for what is on its way.
        if (!isTaken) stop.abort()
      }
    }
  } catch (error) {
    signal?.throwIfAborted()
    const code = error instanceof SluiceError ? error.code : ''
    if (code === 'file_vanished') throw gone('it is gone')
    if (code === 'file_changed') throw gone('it was replaced')
    throw bucket.told(error, name)
  } finally {
    stop.abort()
  }
}

export interface PartsReading {
  range: Range
  /** What the file is called in messages. */
  name: string
  gone(problem: string): Error
  signal?: AbortSignal
}

function* piecesOf(base: string, parts: readonly StoredPart[], range: Range): Generator<Piece> {
  let offset = 0
  for (const part of parts) {
    const { sizeBytes } = part
    const end = Math.min(sizeBytes, range.end - offset)
    for (let at = Math.max(0, range.start - offset); at < end; at += pieceBytes) {
      const of = { start: at, end: Math.min(at + pieceBytes, end) }
      yield { ...part, key: partKey(base, offset, sizeBytes), range: of }
    }
    offset += sizeBytes
    if (offset >= range.end) return
  }
}
