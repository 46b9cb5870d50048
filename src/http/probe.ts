/**
 * A first look at a file: one request for its first bytes. Its answer has what HEAD would say, proves
 * whether ranges are given, and is answered also where a signature is for GET only.
 */
import { patiently } from './patience.ts'
import { type Pin, pinOf } from './pin.ts'
import { contentLength, contentRange, mustBeReadable, mustHaveEnd } from './ranges.ts'
import { statusError } from './status.ts'
import type { Answer, Ask } from './transport.ts'

const headBytes = 4

export interface Probed {
  pin: Pin
  /** An answer has shown that it gives a range, and how long the file is. */
  ranges: boolean
  /** Its first 4 bytes, or all. */
  head: Buffer
  /** The name in Content-Disposition, as it is written; null for none. */
  disposition: string | null
}

/** @throws source_refused, source_unavailable, address_not_allowed, packing_unsupported */
export const probe = (ask: Ask, name: string, signal: AbortSignal): Promise<Probed> =>
  patiently(signal, () => look(ask, name, signal))

async function look(ask: Ask, name: string, signal: AbortSignal): Promise<Probed> {
  const answer = await ask({ range: `bytes=0-${headBytes - 1}` }, signal)
  try {
    const range = contentRange(answer)
    // No range of an empty file can be given.
    if (answer.status === 416 && range?.sizeBytes === 0) return emptyFile(answer)
    if (answer.status === 416) return await lookWithoutRange(ask, name, signal)
    return await probed(answer, name)
  } finally {
    await answer.drop()
  }
}

async function lookWithoutRange(ask: Ask, name: string, signal: AbortSignal): Promise<Probed> {
  const answer = await ask({}, signal)
  try {
    return await probed(answer, name)
  } finally {
    await answer.drop()
  }
}

const emptyFile = (answer: Answer): Probed => ({
  pin: pinOf(answer, 0),
  ranges: true,
  head: Buffer.alloc(0),
  disposition: answer.header('content-disposition'),
})

async function probed(answer: Answer, name: string): Promise<Probed> {
  if (answer.status !== 200 && answer.status !== 206) throw statusError(answer, name)
  mustBeReadable(answer, name)
  const range = answer.status === 206 ? contentRange(answer) : null
  const isRange = range?.start === 0 && range.sizeBytes !== null
  if (!isRange) mustHaveEnd(answer, name)
  const wholeBytes = answer.status === 200 ? contentLength(answer) : null
  const sizeBytes = isRange ? range.sizeBytes : wholeBytes
  return {
    pin: pinOf(answer, sizeBytes),
    ranges: isRange,
    head: await firstBytes(answer),
    disposition: answer.header('content-disposition'),
  }
}

async function firstBytes(answer: Answer): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of answer.body) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= headBytes) break
  }
  return Buffer.concat(chunks).subarray(0, headBytes)
}
