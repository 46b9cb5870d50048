/** Column types of a new table: candidates from their looks, and PostgreSQL as the judge. */
import { type Column, candidateTypes, isNumberType } from '../../domain/columns.ts'
import { booleanText, numberText, type Terms } from '../../domain/values.ts'
import { changeDateOrder } from '../copy/copy.ts'
import type { Connection } from '../db.ts'

/**
 * @param terms how the dialect writes numbers, booleans and dates
 * @param samples for each column, values of the sample that are neither NULL nor empty
 * @returns the narrowest type that takes every value of a column; text when none does
 */
export async function judgeTypes(
  tx: Connection,
  names: readonly string[],
  samples: readonly (readonly string[])[],
  terms: Terms = {},
): Promise<Column[]> {
  await changeDateOrder(tx, terms)
  const columns: Column[] = []
  for (const [index, name] of names.entries()) {
    const values = [...new Set(samples[index])]
    columns.push({ name, type: await judge(tx, values, terms) })
  }
  return columns
}

async function judge(tx: Connection, values: string[], terms: Terms): Promise<string> {
  for (const type of candidateTypes(values, terms)) {
    if (await takesAll(tx, type, values, terms)) return type
  }
  return 'text'
}

/** Does the type take every value, as the dialect writes it? */
export async function takesAll(
  tx: Connection,
  type: string,
  values: readonly string[],
  terms: Terms,
): Promise<boolean> {
  const given = values.map((value) => plainText(type, value, terms))
  if (given.includes(null)) return false
  const { rows } = await tx.query(
    'select bool_and(pg_input_is_valid(v, $2)) as fits from unnest($1::text[]) as v',
    [given, type],
  )
  return rows[0].fits ?? true
}

/** A value as PostgreSQL is given it in a column of that type; null when it must not be given. */
function plainText(type: string, value: string, terms: Terms): string | null {
  if (type === 'boolean') return booleanText(value, terms)
  return isNumberType(type) ? numberText(value, terms) : value
}
