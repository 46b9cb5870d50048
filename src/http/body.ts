/** The part of a body that was asked for, counted against what was announced. */
import { Unavailable } from './fault.ts'
import type { Answer } from './transport.ts'

export interface Wanted {
  /** Bytes in front that are not wanted: the answer begins before what was asked for. */
  skip: number
  /** Bytes behind these; all if it is infinite. */
  wanted: number
  /** What was announced; null for nothing. */
  length: number | null
}

/** @throws source_unavailable when the body is shorter or longer than was announced */
export async function* partOf(
  answer: Answer,
  name: string,
  { skip, wanted, length }: Wanted,
): AsyncGenerator<Buffer> {
  let sent = 0
  for await (const bytes of answer.body) {
    const start = Math.max(0, skip - sent)
    const end = Math.min(bytes.length, skip + wanted - sent)
    sent += bytes.length
    if (length !== null && sent > length) {
      throw new Unavailable(name, `its server sent more than the ${length} bytes it said`)
    }
    if (start < end) yield bytes.subarray(start, end)
    // What stands behind a part is of the same file, and is not waited for.
    if (sent >= skip + wanted && length !== null && skip + wanted < length) return
  }
  if (length !== null && sent < length) {
    throw new Unavailable(name, `its server sent ${sent} of ${length} bytes`)
  }
}
