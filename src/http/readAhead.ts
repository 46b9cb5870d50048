/** Reads a large file over several connections: servers give each of them so much and no more. */

import { mapOrdered } from '../io/mapOrdered.ts'
import type { Range } from '../io/openFile.ts'
import { isFirm } from './pin.ts'
import { mustBeUnchanged, type PinnedFile, type Reading, readFile, readPart } from './readFile.ts'
import type { Ask } from './transport.ts'

/** So much of it is held for each connection. */
const partBytes = 4 * 1024 * 1024
const connections = 4

/**
 * The same bytes in the same order as `readFile` gives, from a server that has proven that it gives
 * ranges. What cannot be told to be of one state is read in one go.
 * @throws what `readFile` throws
 */
export async function* readAhead(
  ask: Ask,
  file: PinnedFile,
  { range, signal }: Reading,
): AsyncGenerator<Buffer> {
  const { pin } = file
  const { start, end } = range ?? { start: 0, end: pin.sizeBytes }
  if (end === null || end - start <= 4 * partBytes || !isFirm(pin)) {
    yield* readFile(ask, file, { range, signal })
    return
  }
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const read = (part: Range) => wholeOf(readPart(ask, file, { range: part, signal: either }), part)
  try {
    for await (const bytes of mapOrdered(partsOf({ start, end }), connections, read)) {
      let isTaken = false
      try {
        yield bytes
        isTaken = true
      } finally {
        // Whoever wants no more of it does not wait for what is on its way.
        if (!isTaken) stop.abort()
      }
    }
    await mustBeUnchanged(ask, file, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    stop.abort()
  }
}

function* partsOf({ start, end }: Range): Generator<Range> {
  for (let at = start; at < end; at += partBytes)
    yield { start: at, end: Math.min(at + partBytes, end) }
}

async function wholeOf(bytes: AsyncIterable<Buffer>, { start, end }: Range): Promise<Buffer> {
  const whole = Buffer.allocUnsafe(end - start)
  let at = 0
  for await (const chunk of bytes) at += chunk.copy(whole, at)
  return whole.subarray(0, at)
}
