/** A record by itself, such as a corrected reject: it must be exactly one. */
import type { Reading } from '../domain/words.ts'
import { rejectReason } from '../errors/rejects.ts'
import type { Broken, Reader } from './reader.ts'

type Refused = Pick<Broken, 'code' | 'error'> & Partial<Broken>

/**
 * @param at the physical line that it has in its file, and what ends a line there
 * @returns the record as COPY text, or why it is none
 */
export function oneRecord(
  raw: Buffer,
  reader: Reader,
  { line, newline }: { line: number; newline: Reading['newline'] },
): { bytes: Buffer } | Refused {
  const record = reader.recordOf?.(raw) ?? raw
  if (!Buffer.isBuffer(record)) return record
  // Without its line end a blank line would be nothing at all.
  const slice = record.length > 0 ? record : Buffer.from(newline)
  const { bytes, ends, lines, broken } = reader.write(slice, line - 1)
  if (lines.length === 1 && broken.length === 0) return { bytes: bytes.subarray(0, ends[0]) }
  if (broken.length === 1 && lines.length === 0 && broken[0]) return broken[0]
  // What never ends hides what is behind its line.
  const open = broken.find(({ code }) => reader.isPart(code))
  return open ?? rejectReason('not_one_record', { count: lines.length + broken.length })
}
