/**
 * A large file is staged in parts, one behind the other. Each begins where a record does, and is scanned
 * by itself; what was found of all of them is put together here, as one scan would have found it.
 */
import type { FieldFacts, Tally } from './types.ts'
import type { Cut, FileShape } from './words.ts'

/** A part of a file as it lies in the stage. */
export interface FilePart {
  /** The byte of the file that it begins with. */
  start: number
  /** Its name in the stage. */
  stagedAs: string
  /** It may have bytes that the next part has as well: a record ends among them. */
  sizeBytes: number
  version: string
}

/** With each part the ledger writes anew what was found of all of them so far. */
const partsMax = 256

/** How many bytes of a file make a part. */
export const partBytesOf = (fileBytes: number, leastBytes: number): number =>
  Math.max(leastBytes, Math.ceil(fileBytes / partsMax))

/** The part that has these bytes; splits and flaws begin and end where parts may. */
export function partAt(parts: readonly FilePart[], start: number): FilePart {
  const part = parts.findLast((each) => each.start <= start)
  if (!part) throw new Error(`no part has byte ${start}`)
  return part
}

/**
 * @param before of all parts in front of this one; null for none
 * @param part with offsets that count from its own start; its lines are those of the file
 */
export function withPart(before: FileShape | null, part: FileShape, start: number): FileShape {
  const last = before?.cuts.at(-1)
  const cuts = part.cuts.map((cut) => behind(cut, start, last))
  const flaws = part.flaws.map((flaw) => ({
    ...flaw,
    start: start + flaw.start,
    end: start + flaw.end,
  }))
  if (!before) return { ...part, cuts, flaws }
  const { firstOdd = part.firstOdd, firstEmpty = part.firstEmpty } = before
  const types = before.types && part.types && joined(before.types, part.types)
  return {
    ...part,
    cuts: [...before.cuts, ...cuts.slice(1)],
    flaws: [...before.flaws, ...flaws],
    ...(firstOdd !== undefined && { firstOdd }),
    ...(firstEmpty !== undefined && { firstEmpty }),
    ...(types && { types }),
  }
}

function behind(cut: Cut, start: number, last: Cut | undefined): Cut {
  const sum = (name: 'records' | 'broken' | 'aside' | 'odd' | 'empty') =>
    (last?.[name] ?? 0) + (cut[name] ?? 0)
  const some = (name: 'aside' | 'odd' | 'empty') => (sum(name) > 0 ? { [name]: sum(name) } : {})
  return {
    offset: start + cut.offset,
    lines: cut.lines,
    records: sum('records'),
    broken: sum('broken'),
    ...some('aside'),
    ...some('odd'),
    ...some('empty'),
  }
}

/** Field by field; the first value of a kind is that of the file. */
const joined = (before: readonly FieldFacts[], part: readonly FieldFacts[]): FieldFacts[] =>
  before.map((field, index) => {
    const more = part[index]
    if (field.isText || !more) return field
    const tallies = new Map(field.tallies.map((tally) => [tally[0], tally]))
    for (const tally of more.tallies) {
      const [kind, count] = tally
      const [, counted, line, value] = tallies.get(kind) ?? [kind, 0, tally[2], tally[3]]
      tallies.set(kind, [kind, counted + count, line, value] satisfies Tally)
    }
    const all = [...tallies.values()]
    return more.isText
      ? { ...field, tallies: all.slice(0, 1), isText: true }
      : { ...field, tallies: all }
  })
