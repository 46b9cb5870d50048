/** Records with columns that their file does not have, and without fields that are left out. */
import type { FieldFacts, Kind } from '../domain/types.ts'
import type { Constant, Unit } from '../domain/words.ts'
import { writtenLine } from './copyText.ts'
import { isoKindOf, isUuid, numberKind } from './plainKinds.ts'
import type { Reader, Written } from './reader.ts'

const newline = 10
const tab = 9
const none = Buffer.alloc(0)

/** What of a unit is said of its records besides how they are written. */
export type Around = Pick<Unit, 'constants' | 'dropped'>

/**
 * The same reader, whose records are written for COPY without the fields that are left out, and end
 * with the constants.
 */
export function withAround(reader: Reader, { constants = [], dropped = [] }: Around): Reader {
  if (constants.length === 0 && dropped.length === 0) return reader
  const timed = constants.map((each) =>
    each.of === 'time' ? { column: each.column, value: new Date().toISOString() } : each,
  )
  const hasFile = timed.some(({ of }) => of === 'file')
  const isSame = dropped.length === 0 && timed.every(({ of }) => of === undefined)
  const { asIs } = reader
  const tail = tailOf(timed, 0)
  const left = new Set(dropped)
  return {
    ...reader,
    binary: null,
    // Behind each newline of COPY text a record begins, and behind no other.
    asIs: isSame && asIs?.copy.format === 'text' ? { ...asIs, tail } : null,
    write(slice, lines, trims) {
      const written = reader.write(slice, lines, trims)
      return ended(left.size > 0 ? without(written, left) : written, timed)
    },
    ...(hasFile && {
      ofFile: (name: string) => withAround(reader, { constants: timed.map(named(name)), dropped }),
    }),
  }
}

const named =
  (name: string) =>
  (each: Constant): Constant =>
    each.of === 'file' ? { column: each.column, value: name } : each

/** Behind the values of the record of a line. */
function tailOf(constants: readonly Constant[], line: number): Buffer {
  const values = constants.map(({ value, of }) => (of === 'line' ? String(line) : value))
  return Buffer.from(writtenLine(['', ...values]).slice(0, -1))
}

function ended({ bytes, ends, ...written }: Written, constants: readonly Constant[]): Written {
  if (constants.length === 0) return { bytes, ends, ...written }
  const isOfLine = constants.some(({ of }) => of === 'line')
  const same = tailOf(constants, 0)
  const tails = written.lines.map((line) => (isOfLine ? tailOf(constants, line) : same))
  const more = tails.reduce((sum, { length }) => sum + length, 0)
  const all = Buffer.allocUnsafe(bytes.length + more)
  let from = 0
  let at = 0
  const now = ends.map((end, index) => {
    at += bytes.copy(all, at, from, end - 1)
    at += (tails[index] as Buffer).copy(all, at)
    all[at++] = newline
    from = end
    return at
  })
  return { ...written, bytes: all, ends: now }
}

/** Within a value of COPY text a tab is written otherwise, so each tab stands between two. */
function without({ bytes, ends, ...written }: Written, dropped: ReadonlySet<number>): Written {
  const all = Buffer.allocUnsafe(bytes.length)
  let at = 0
  let from = 0
  const now = ends.map((end) => {
    let isFirst = true
    for (let field = 0; from < end; field++) {
      const next = bytes.indexOf(tab, from)
      const to = next < 0 || next >= end ? end - 1 : next
      if (!dropped.has(field)) {
        if (!isFirst) all[at++] = tab
        isFirst = false
        at += bytes.copy(all, at, from, to)
      }
      from = to + 1
    }
    all[at++] = newline
    return at
  })
  return { ...written, bytes: all.subarray(0, at), ends: now }
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
  constants.map(({ value, type }) =>
    type
      ? { tallies: [], declared: type }
      : { tallies: [[kindOf(value), records, 1, value ?? '']] },
  )

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
