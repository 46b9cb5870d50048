/** Types that people have made. */
import type { Db } from '../db.ts'

/** @returns those of the types, as SQL writes them, that this database knows */
export async function knownTypes(db: Db, types: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ type: string }>(
    'select type from unnest($1::text[]) known (type) where to_regtype(type) is not null',
    [types],
  )
  return new Set(rows.map(({ type }) => type))
}
