/** Records with columns that their file does not have: the same values behind those of each. */
import type { FieldFacts, Kind } from '../domain/types.ts'
import type { Constant } from '../domain/words.ts'
import { writtenLine } from './copyText.ts'
import { isoKindOf, isUuid, numberKind } from './plainKinds.ts'
import type { Reader, Written } from './reader.ts'

const newline = 10
const none = Buffer.alloc(0)

/** The same reader, whose records end with the constants when they are written for COPY. */
export function withConstants(reader: Reader, constants: readonly Constant[]): Reader {
  if (constants.length === 0) return reader
  const line = writtenLine(['', ...constants.map(({ value }) => value)])
  const tail = Buffer.from(line.slice(0, -1))
  const { asIs } = reader
  return {
    ...reader,
    // Behind each newline of COPY text a record begins, and behind no other.
    asIs: asIs?.copy.format === 'text' ? { ...asIs, tail } : null,
    write: (slice, lines, trims) => ended(reader.write(slice, lines, trims), tail),
  }
}

function ended({ bytes, ends, ...written }: Written, tail: Buffer): Written {
  const all = Buffer.allocUnsafe(bytes.length + ends.length * tail.length)
  let from = 0
  let at = 0
  const now = ends.map((end) => {
    at += bytes.copy(all, at, from, end - 1)
    at += tail.copy(all, at)
    all[at++] = newline
    from = end
    return at
  })
  return { ...written, bytes: all, ends: now }
}

/** Lines of COPY text, each with the tail. */
export async function* tailed(
  chunks: AsyncIterable<Buffer>,
  tail: Buffer = none,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield tail.length === 0 ? chunk : withTail(chunk, tail)
}

function withTail(chunk: Buffer, tail: Buffer): Buffer {
  let lines = 0
  for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) lines++
  const all = Buffer.allocUnsafe(chunk.length + lines * tail.length)
  let from = 0
  let to = 0
  for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) {
    to += chunk.copy(all, to, from, at)
    to += tail.copy(all, to)
    from = at
  }
  chunk.copy(all, to, from)
  return all
}

/** What the values of constants are, for the types of their columns. */
export const factsOf = (constants: readonly Constant[], records: number): FieldFacts[] =>
  constants.map(({ value }) => ({ tallies: [[kindOf(value), records, 1, value ?? '']] }))

/** By its form alone: nobody wrote these values in the terms of a file. */
function kindOf(value: string | null): Kind {
  if (value === null) return 'null'
  if (value === 'true' || value === 'false') return 'boolean'
  const number = numberKind(value)
  if (number === 'whole' || number === 'decimal' || number === 'science') return number
  if (isUuid(value)) return 'uuid'
  const iso = isoKindOf(value)
  return iso === null || iso === 'other' ? 'text' : iso
}
