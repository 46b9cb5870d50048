/** Files of objects through ingests, and what is in their tables. */
import type { IngestView } from '../../src/postgres/ledger/views.ts'
import type { IngestSpec } from '../../src/spec/spec.ts'
import type { Harness } from '../harness.ts'

type Rest = Partial<Omit<IngestSpec, 'source' | 'target'>> & { target?: object }

export const lines = (...texts: string[]): string => texts.map((text) => `${text}\n`).join('')

export function objectsIn(harness: Harness) {
  async function typesOf(table: string): Promise<string[]> {
    const { rows } = await harness.db.query(
      `select attname || ' ' || format_type(atttypid, atttypmod) as type from pg_attribute
       where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum`,
      [table],
    )
    return rows.map(({ type }) => type)
  }

  return {
    typesOf,

    /** Every value as its text in PostgreSQL. */
    async textsIn(table: string, order = '1'): Promise<(string | null)[][]> {
      const names = (await typesOf(table)).map((type) => `"${type.split(' ')[0]}"::text`)
      const text = `select ${names.join(', ')} from ${table} t order by ${order}`
      return (await harness.db.query({ text, rowMode: 'array' })).rows as (string | null)[][]
    },

    async rejectsOf(id: string) {
      const rejects = await harness.rejects(id)
      return rejects.map(({ line, code, column, error, raw }) => ({
        ...{ line, code, column, error, raw },
      }))
    },

    /** Each file has the name of the table in front of its own. */
    async load(
      table: string,
      contents: Record<string, string | Buffer>,
      { target, ...spec }: Rest = {},
    ): Promise<IngestView> {
      const write = ([name, content]: [string, string | Buffer]) =>
        harness.file(`${table}-${name}`, content)
      const path = await Promise.all(Object.entries(contents).map(write))
      const source = { kind: 'directory' as const, path }
      return harness.ingest({ ...spec, source, target: { table, ...target } })
    },
  }
}
