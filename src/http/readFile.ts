/** Reads a file over HTTP under a pin; what breaks off is taken up where it ended. */
import { type SluiceError, sluiceError } from '../errors.ts'
import type { Range } from '../io/openFile.ts'
import { partOf } from './body.ts'
import { Unavailable } from './fault.ts'
import { Patience, patiently } from './patience.ts'
import { conditions, isFirm, mustMatch, type Pin, pinOf } from './pin.ts'
import { contentLength, contentRange, mustBegin, mustBeReadable, mustHaveEnd } from './ranges.ts'
import { statusError } from './status.ts'
import type { Answer, Ask } from './transport.ts'

export interface PinnedFile {
  /** As messages have it. */
  name: string
  pin: Pin
}

/** So much behind a failure, the next one begins to be counted anew. */
const progressBytes = 1 << 20
/** A server reads so little at once: the file cannot change while it does. */
const atOnceBytes = 1 << 20

export interface Reading {
  /** All of it if absent. */
  range?: Range | undefined
  signal: AbortSignal
}

/**
 * The bytes of a file, or of a range of it.
 * @throws file_changed, file_vanished, source_refused, source_unavailable, packing_unsupported
 */
export async function* readFile(
  ask: Ask,
  file: PinnedFile,
  reading: Reading,
): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const chunk of readPart(ask, file, reading)) {
    bytes += chunk.length
    yield chunk
  }
  if (bytes > atOnceBytes && isFirm(file.pin)) await mustBeUnchanged(ask, file, reading.signal)
}

/** The same, for who asks by himself at the end of all parts whether the file is as it was. */
export async function* readPart(
  ask: Ask,
  file: PinnedFile,
  { range, signal }: Reading,
): AsyncGenerator<Buffer> {
  const { pin } = file
  const { start, end } = range ?? { start: 0, end: pin.sizeBytes }
  if (range && range.start >= range.end) return
  const patience = new Patience()
  let at = start
  let fresh = 0
  const afterFailure = async (error: unknown) => {
    if (at > start && !mayResume(pin, { at, end })) throw error
    if (fresh >= progressBytes) patience.progressed()
    fresh = 0
    await patience.afterFailure(error, signal)
  }
  for (let isDone = false; !isDone; ) {
    try {
      for await (const chunk of bytesFrom(ask, file, { at, start, end, signal })) {
        at += chunk.length
        fresh += chunk.length
        yield chunk
      }
      isDone = end === null || at >= end
    } catch (error) {
      await afterFailure(error)
    }
  }
}

/** Two answers that cannot be told to be of one state may not be put together. */
const mayResume = (pin: Pin, { at, end }: Pick<Part, 'at' | 'end'>): boolean =>
  isFirm(pin) && end !== null && at < end

interface Part {
  /** Where this answer is to begin, and where the first one was to. */
  at: number
  start: number
  /** null: where the file ends. */
  end: number | null
  signal: AbortSignal
}

/** What one answer brings; less than was asked for is an error. */
async function* bytesFrom(ask: Ask, file: PinnedFile, part: Part): AsyncGenerator<Buffer> {
  const { at, start, end, signal } = part
  const { name, pin } = file
  const isWhole = at === 0 && end === pin.sizeBytes
  const asked = isWhole || end === null ? {} : { range: `bytes=${at}-${end - 1}` }
  const answer = await ask({ ...asked, ...conditions(pin) }, signal)
  try {
    const { from, length } = checked(answer, file, part)
    // Behind a failure a server may send the file from its first byte.
    const skip = at - from
    if (skip > 0 && at === start) throw new Unavailable(name, 'its server ignores ranges now')
    const wanted = end === null ? Number.POSITIVE_INFINITY : end - at
    yield* partOf(answer, name, { skip, wanted, length })
  } finally {
    await answer.drop()
  }
}

/**
 * @returns the byte of the file that the body begins with, and its length if it is known
 * @throws file_changed, file_vanished, source_refused, source_unavailable, packing_unsupported
 */
function checked(
  answer: Answer,
  { name, pin }: PinnedFile,
  { at, end }: Part,
): { from: number; length: number | null } {
  const { status } = answer
  const isEmpty = status === 416 && contentRange(answer)?.sizeBytes === 0
  if (isEmpty) mustMatch(pinOf(answer, 0), pin, name)
  if (isEmpty) return { from: at, length: 0 }
  if (status !== 200 && status !== 206) throw toChange(answer, name, pin)
  mustBeReadable(answer, name)
  if (status === 200) {
    const said = contentLength(answer)
    mustMatch(pinOf(answer, said), pin, name)
    mustHaveEnd(answer, name)
    return { from: 0, length: pin.sizeBytes ?? said }
  }
  const range = mustBegin(contentRange(answer), at, name)
  mustMatch(pinOf(answer, range.sizeBytes), pin, name)
  const length = (range.end as number) - at
  const said = contentLength(answer) ?? length
  if (said !== length || (end !== null && (range.end as number) > end)) {
    throw new Unavailable(name, `its server sent another range than the one from byte ${at}`)
  }
  return { from: at, length }
}

function toChange(answer: Answer, file: string, pin: Pin): SluiceError {
  const { status } = answer
  if (status === 404 || status === 410) return sluiceError('file_vanished', { file })
  if (status === 412) {
    const problem = `its server has another ${pin.etag ? 'ETag' : 'Last-Modified'} now`
    return sluiceError('file_changed', { file, problem })
  }
  if (status === 416) {
    const sizeBytes = contentRange(answer)?.sizeBytes
    const has = sizeBytes == null ? 'is shorter now' : `has ${sizeBytes}`
    const problem = `it had ${pin.sizeBytes} bytes and ${has}`
    return sluiceError('file_changed', { file, problem })
  }
  return statusError(answer, file)
}

/**
 * A server that reads its file while it sends it may mix two states of it.
 * @throws file_changed, file_vanished
 */
export const mustBeUnchanged = (
  ask: Ask,
  { name, pin }: PinnedFile,
  signal: AbortSignal,
): Promise<void> =>
  patiently(signal, async () => {
    const answer = await ask({ range: 'bytes=0-0', ...conditions(pin) }, signal)
    try {
      if (answer.status === 206) {
        mustMatch(pinOf(answer, contentRange(answer)?.sizeBytes ?? null), pin, name)
      } else if (answer.status === 200) {
        mustMatch(pinOf(answer, contentLength(answer)), pin, name)
      } else {
        const error = toChange(answer, name, pin)
        // A signature may have ended meanwhile, which says nothing of the bytes.
        if (error.code !== 'source_refused') throw error
      }
    } finally {
      await answer.drop()
    }
  })
