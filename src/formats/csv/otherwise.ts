/** How a file is written otherwise than the first table; line ends are always each file's own. */
import type { Difference } from '../format.ts'
import type { Dialect } from './dialect.ts'
import { csvOptions } from './options.ts'

/** Options and members of a dialect with the same name. */
const keys = ['delimiter', 'quote', 'escape', 'decimal', 'thousands', 'dates', 'skipRows'] as const

export function differencesIn(dialect: Dialect, first: Dialect): Difference[] {
  return keys
    .filter((key) => dialect[key] !== first[key] && !followsQuote(key, dialect, first))
    .map((key) => {
      const { flag, shown } = csvOptions[key]
      const valueIn = (of: Dialect) => shown.value(of) ?? 'as usual'
      const what = shown.what ?? key
      return {
        shown: `${what} ${valueIn(dialect)} instead of ${valueIn(first)}`,
        flag: `\`${flag.text.split(' ')[0]}\``,
      }
    })
}

/** A quote that is doubled is its own escape: the difference is told once. */
const followsQuote = (key: string, dialect: Dialect, first: Dialect): boolean =>
  key === 'escape' && dialect.escape === dialect.quote && first.escape === first.quote
