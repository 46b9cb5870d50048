/** What makes the rows of the target of the rows of the files. */
import type { FullTarget } from './target.ts'

/** One SELECT over `rows`; null when rows go into the target as they are. */
export function transformOf(target: Pick<FullTarget, 'select' | 'where'> | null): string | null {
  const { select, where } = target ?? {}
  if (select === undefined && where === undefined) return null
  if (isWhole(select)) return select ?? ''
  const condition = where === undefined ? '' : `\nwhere (${where}\n)`
  return `select ${select ?? '*'}\nfrom rows${condition}`
}

/** Whether it is a whole SELECT, and no list of what is selected. */
export const isWhole = (select: string | undefined): boolean => /^\s*select\s/i.test(select ?? '')
