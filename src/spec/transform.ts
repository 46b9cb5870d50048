/** What makes the rows of the target of the rows of the files. */
import { Type } from 'typebox'
import type { Options } from '../domain/option.ts'

export const transformOptions = {
  select: {
    schema: Type.String({ minLength: 1, maxLength: 100_000 }),
    about:
      'what the columns of the table are made of, with the columns of the files: a list of ' +
      'expressions, or one SELECT from `rows`',
    absent: 'the columns of the files',
    flag: { text: '--select <sql>' },
    example: "--select 'id, upper(name) as name, amount * 100 as cents'",
  },
  where: {
    schema: Type.String({ minLength: 1, maxLength: 100_000 }),
    about:
      'a condition on the columns of the files: other rows are left out, and counted as filtered',
    absent: 'all rows are taken',
    flag: { text: '--where <sql>' },
    example: "--where 'amount > 0'",
  },
} satisfies Options

interface Transform {
  select?: string
  where?: string
}

/** One SELECT over `rows`; null when rows go into the target as they are. */
export function transformOf(target: Transform | null): string | null {
  const { select, where } = target ?? {}
  if (select === undefined && where === undefined) return null
  if (isWhole(select)) return select ?? ''
  const condition = where === undefined ? '' : `\nwhere (${where}\n)`
  return `select ${select ?? '*'}\nfrom rows${condition}`
}

/** Whether it is a whole SELECT, and no list of what is selected. */
export const isWhole = (select: string | undefined): boolean => /^\s*select\s/i.test(select ?? '')
