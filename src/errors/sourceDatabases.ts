/** What is wrong with a database that rows are read from. */
import { withExamples } from './examples.ts'
import type { HttpRow } from './row.ts'

export const sourceDatabases = withExamples({
  source_database_unavailable: {
    status: 503,
    kind: 'transient',
    message: 'The database of the connection {connection} cannot be read now: {problem}.',
    hint: 'It is tried again by itself, from the first row. Check the address in the connection, and the server.',
    example: { connection: 'warehouse', problem: 'connect ECONNREFUSED 10.0.0.5:5432' },
  },
  source_database_refused: {
    status: 422,
    kind: 'user',
    message: 'The database of the connection {connection} refused it: {problem}.',
    hint: 'Check the name of the table or the text of the query, and what the role in the connection may read.',
    example: {
      connection: 'warehouse',
      problem: 'relation "public.orders" does not exist (SQLSTATE 42P01)',
    },
  },
} as const satisfies Record<string, HttpRow>)
