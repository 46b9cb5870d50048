/** Sets of characters in globs: `[abc]`, `[a-z]`, `[!a-z]`, `[^a-z]`, for files `[[:digit:]]`. */
import type { Syntax } from './globSyntax.ts'
import { codeOf, type Range } from './globWalk.ts'

const maxCode = 0x10ffff

/** As POSIX has them, for ASCII. */
const classes = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  blank: ' \t',
  cntrl: '\0-\x1f\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-/:-@[-`{-~',
  space: ' \t-\r',
  upper: 'A-Z',
  word: '0-9A-Z_a-z',
  xdigit: '0-9A-Fa-f',
} as const

/**
 * The characters of a set, in order. A `]` is one of them when it stands first.
 * @throws what `refuse` makes of a set that cannot be meant
 */
export function rangesOf(token: string, { isOfFiles, refuse }: Syntax): Range[] {
  const inner = token.slice(1, -1)
  const isNot = /^[!^]/.test(inner)
  const listed = isNot ? inner.slice(1) : inner
  if (listed === '') throw refuse(`${token} has nothing in it`)
  const named = (_: string, name: string) => {
    const found = isOfFiles ? classes[name as keyof typeof classes] : undefined
    if (found === undefined) throw refuse(`${token}: classes like [:${name}:] are not known`)
    return found
  }
  const parts = listed.replace(/\[:([a-z]*):?\]?/g, named)
  const ranges = Array.from(
    parts.matchAll(/(\\.|.)(?:-(\\.|.))?/gsu),
    ([, first = '', last = first]) => {
      const range: Range = [codeOf(first), codeOf(last)]
      if (range[0] > range[1]) throw refuse(`${token}: ${first}-${last} runs backwards`)
      return range
    },
  )
  const joined = join(ranges)
  return isNot ? others(joined) : joined
}

/** Sorts the ranges, and joins those that overlap. */
function join(ranges: Range[]): Range[] {
  const joined: Range[] = []
  for (const [from, to] of ranges.sort(([a], [b]) => a - b)) {
    const last = joined.at(-1)
    if (last && from <= last[1]) last[1] = Math.max(last[1], to)
    else joined.push([from, to])
  }
  return joined
}

function others(ranges: Range[]): Range[] {
  const found: Range[] = []
  let next = 0
  for (const [from, to] of ranges) {
    if (from > next) found.push([next, from - 1])
    next = to + 1
  }
  if (next <= maxCode) found.push([next, maxCode])
  return found
}
