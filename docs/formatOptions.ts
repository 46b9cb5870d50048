/** The table of the options of one format, on the page of that format. */
import type { Option, Options } from '../src/domain/option.ts'
import { optionRow, optionsHead } from './optionsPage.ts'

/** @returns the page with the table as it is made from the options */
export function withOptions(page: string, kind: string, options: Options): string {
  const begin = `<!-- options of ${kind}: npm run docs -->\n`
  const [before, rest] = page.split(begin)
  const [, behind] = rest?.split('<!-- end -->') ?? []
  if (behind === undefined) throw new Error(`the page of ${kind} has no place for its options`)
  const rows = Object.entries<Option>(options).map(([name, option]) =>
    optionRow(`format.${name}`, option, null),
  )
  return `${before}${begin}\n${optionsHead}\n${rows.join('\n')}\n\n<!-- end -->${behind}`
}
