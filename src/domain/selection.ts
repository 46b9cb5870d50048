/** Which files of folders and prefixes are taken, and in which order. */
import { type Static, type TObject, Type } from 'typebox'
import { sluiceError } from '../errors.ts'
import { parseFileGlob } from './fileGlob.ts'
import { globCharsMax } from './glob.ts'
import { type Options, objectOf, oneOf } from './option.ts'
import { parseDuration } from './timeLimits.ts'

const moment = Type.String({
  pattern: '^(\\d{4}-\\d\\d-\\d\\d.{0,24}|\\d{1,10}(\\.\\d{1,3})? ?(ms|s|m|h|d))$',
})
const must = 'a date or time like 2026-11-01 or 2026-11-01T12:00Z, or how long ago, like 36h'

export const selectionOptions = {
  exclude: {
    schema: Type.Array(Type.String({ minLength: 1, maxLength: globCharsMax }), { maxItems: 100 }),
    about: 'files to leave out, by globs of their names, or of their paths where a glob has a `/`',
    absent: 'none',
    flag: { text: '--exclude <glob>', list: 'again' },
    example: '--exclude "*.tmp"',
  },
  newerThan: {
    schema: moment,
    about: `only files that were changed after this: ${must}`,
    absent: 'of any age',
    must,
    flag: { text: '--newer-than <when>' },
    example: '--newer-than 1d',
  },
  olderThan: {
    schema: moment,
    about: 'only files that were changed before this, in the same form',
    absent: 'of any age',
    must,
    flag: { text: '--older-than <when>' },
    example: '--older-than 10m',
  },
  order: {
    schema: oneOf('name', 'oldest', 'newest'),
    about:
      'the order of the files, and so that of their rows: by name, or by when they were changed',
    absent: 'name',
    flag: { text: '--order <how>' },
    example: '--order oldest',
  },
} satisfies Options

const schema = objectOf(selectionOptions)
export type SelectionOptions = Static<typeof schema>
/** For the options of a source that has a listing. */
export const selectionProperties: (typeof schema)['properties'] = (schema as TObject)
  .properties as never

export interface Selectable {
  /** With `/` between its parts. */
  name: string
  /** When its bytes were changed, in milliseconds of the epoch. */
  modifiedMs: number
}

export interface Selection {
  /** Why a file is left out; null for one that is taken. */
  why(file: Selectable): string | null
  /** Files are ordered by it, then by name. */
  place(file: Selectable): number
}

/** @throws spec_invalid */
export function selectionOf(options: SelectionOptions, nowMs: number = Date.now()): Selection {
  const { newerThan, olderThan, order = 'name' } = options
  const excluded = excludedBy(options.exclude ?? [])
  const after = newerThan === undefined ? null : momentOf('newerThan', newerThan, nowMs)
  const before = olderThan === undefined ? null : momentOf('olderThan', olderThan, nowMs)
  return {
    why(file) {
      if (excluded(file.name)) return 'excluded'
      if (after !== null && file.modifiedMs <= after) return `not newer than ${newerThan}`
      if (before !== null && file.modifiedMs >= before) return `not older than ${olderThan}`
      return null
    },
    place({ modifiedMs }) {
      if (order === 'name') return 0
      return Math.trunc(order === 'oldest' ? modifiedMs : -modifiedMs)
    },
  }
}

/**
 * What leaves files of a source out by their age, in words: an option, or that a client did so before it
 * sent them; null when nothing does.
 */
export function leavesOutByAge(source: object): string | null {
  const {
    newerThan,
    olderThan,
    leftOut = [],
  } = source as SelectionOptions & {
    leftOut?: { why: string }[]
  }
  if (newerThan !== undefined) return 'source.newerThan'
  if (olderThan !== undefined) return 'source.olderThan'
  const byAge = leftOut.find(({ why }) => /^not (newer|older) than /.test(why))
  return byAge ? `the option that only takes files ${byAge.why.replace(/^not /, '')}` : null
}

function excludedBy(patterns: readonly string[]): (name: string) => boolean {
  const globs = patterns.map((pattern) =>
    parseFileGlob(pattern, (problem) =>
      sluiceError('spec_invalid', { problem: `source.exclude has ${pattern}: ${problem}` }),
    ),
  )
  return (name) => globs.some((matches) => matches(name))
}

/** A time without a zone is UTC. */
function momentOf(option: string, text: string, nowMs: number): number {
  if (/[a-z]$/.test(text) && !text.includes('-')) return nowMs - parseDuration(text)
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/i.test(text.slice(10))
  const written =
    text.length === 10 ? `${text}T00:00Z` : `${text.replace(' ', 'T')}${hasZone ? '' : 'Z'}`
  const found = Date.parse(written)
  if (Number.isFinite(found)) return found
  throw sluiceError('spec_invalid', { problem: `source.${option} is ${text}, which is no time` })
}
