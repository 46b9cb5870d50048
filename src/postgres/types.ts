/** Column types of a new table: candidates from their looks, and PostgreSQL as the judge. */
import { type Column, candidateTypes } from '../domain/columns.ts'
import type { Connection } from './db.ts'

/**
 * @param samples for each column, values of the sample that are neither NULL nor empty
 * @returns the narrowest type that takes every value of a column; text when none does
 */
export async function judgeTypes(
  tx: Connection,
  names: readonly string[],
  samples: readonly (readonly string[])[],
): Promise<Column[]> {
  const columns: Column[] = []
  for (const [index, name] of names.entries()) {
    const values = [...new Set(samples[index])]
    columns.push({ name, type: await judge(tx, values) })
  }
  return columns
}

async function judge(tx: Connection, values: string[]): Promise<string> {
  for (const type of candidateTypes(values)) {
    const { rows } = await tx.query(
      'select bool_and(pg_input_is_valid(v, $2)) as fits from unnest($1::text[]) as v',
      [values, type],
    )
    if (rows[0].fits) return type
  }
  return 'text'
}
