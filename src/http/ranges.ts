/** What an answer says of the bytes that it brings. */
import { sluiceError } from '../errors.ts'
import { Unavailable } from './fault.ts'
import type { Answer } from './transport.ts'

export interface ContentRange {
  start: number
  /** Behind the last byte; null where no byte is sent. */
  end: number | null
  sizeBytes: number | null
}

const form = /^bytes (?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/i

/** @returns null where the answer has none, or one that cannot be read */
export function contentRange(answer: Answer): ContentRange | null {
  const found = form.exec(answer.header('content-range') ?? '')
  if (!found) return null
  const [, first, last, size = '*'] = found
  return {
    start: Number(first ?? 0),
    end: last === undefined ? null : Number(last) + 1,
    sizeBytes: size === '*' ? null : Number(size),
  }
}

export function contentLength(answer: Answer): number | null {
  const text = answer.header('content-length')
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null
}

/**
 * Without a length and without chunks a body ends with its connection, so that one that is cut off
 * looks like one that is whole.
 * @throws source_refused
 */
export function mustHaveEnd(answer: Answer, file: string): void {
  if (contentLength(answer) !== null) return
  if (/\bchunked\s*$/i.test(answer.header('transfer-encoding') ?? '')) return
  const problem = 'it says neither how long the file is nor where it ends'
  throw sluiceError('source_refused', { file, problem })
}

/** Encodings of a body that are packings of a file as well: they are known by their first bytes. */
const packings = ['identity', 'gzip', 'x-gzip', 'zstd', '']

/**
 * No encoding is asked for. A server that packs the file all the same, or has it packed, sends the
 * bytes of a packed file: its length, ranges and ETag are those of these bytes.
 * @throws packing_unsupported
 */
export function mustBeReadable(answer: Answer, file: string): void {
  const encoding = (answer.header('content-encoding') ?? '').trim().toLowerCase()
  if (packings.includes(encoding)) return
  const problem = `its server encodes it as ${encoding.slice(0, 40)}, though it was asked not to`
  throw sluiceError('packing_unsupported', { file, problem })
}

/** @throws source_unavailable for an answer that does not begin where it was asked to */
export function mustBegin(range: ContentRange | null, start: number, file: string): ContentRange {
  if (range?.start === start && range.end !== null) return range
  throw new Unavailable(file, `its server sent another range than the one from byte ${start}`)
}
