/** Source `postgres`: a table of another PostgreSQL, or what a query gives there. */
import { type Static, Type } from 'typebox'
import { parseTableName, showTable } from '../domain/table.ts'
import { sluiceError } from '../errors.ts'
import { fieldsOf, sizeOf } from '../foreign/relation.ts'
import { readRows } from '../foreign/rows.ts'
import { openSession } from '../foreign/session.ts'
import type { Source, SourceDeps, SourceKind } from './source.ts'

const options = Type.Object(
  {
    kind: Type.Literal('postgres'),
    connection: Type.String({
      pattern: '^[A-Za-z][A-Za-z0-9_-]{0,62}$',
      description: 'The name of a connection that the workers know.',
    }),
    table: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'Like `public.orders`.' }),
    ),
    query: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100_000,
        description: 'One SELECT, in place of a table.',
      }),
    ),
    sessions: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 16,
        description: 'How many sessions read a large table side by side, at most; 4 if absent.',
      }),
    ),
  },
  { additionalProperties: false, description: 'Rows of another PostgreSQL.' },
)
type Options = Static<typeof options>

const usualSessions = 4

/** What its rows are called in messages: with the name of the connection, and no address. */
const nameOf = ({ connection, table }: Options): string =>
  `postgres://${connection}/${table === undefined ? 'query' : showTable(parseTableName(table))}`

/** What the bytes of an unfolded file begin with, which are in no packing. */
const head = Buffer.from('\x01{"c')

export const postgres = {
  options,
  madeFor: 'postgres',
  paths: (spec: Options) => [nameOf(spec)],
  checkOptions({ table, query }: Options) {
    const refuse = (problem: string) => sluiceError('spec_invalid', { problem })
    if ((table === undefined) === (query === undefined)) {
      throw refuse('source has either a table or a query')
    }
    if (table !== undefined) parseTableName(table)
    if (query?.includes('\0')) throw refuse('source.query has a NUL')
  },
  needsToken: true,
  open(spec: Options, deps: Pick<SourceDeps, 'connections' | 'knownTypes'>): Source {
    const { connection, sessions = usualSessions } = spec
    const relation = relationOf(spec)
    const name = nameOf(spec)
    const database = () => ({ connection, url: deps.connections.of(connection, 'postgres').url })
    return {
      async *list(signal) {
        const session = await openSession(database())
        const stop = () => session.destroy()
        signal.addEventListener('abort', stop)
        try {
          await fieldsOf(session, relation)
          const sizeBytes = await sizeOf(session, relation)
          // What is read is the state at the time of reading, so no two ingests read the same.
          yield { name, sizeBytes, version: new Date().toISOString(), head, place: 0 }
        } finally {
          signal.removeEventListener('abort', stop)
          stop()
        }
      },
      async open({ name: file }, signal) {
        const { knownTypes } = deps
        return {
          link: null,
          ranges: false,
          madeFor: 'postgres',
          read: () =>
            readRows({ database: database(), relation, file, sessions, signal, knownTypes }),
          close: async () => {},
        }
      },
    }
  },
} satisfies SourceKind<Options>

/** The query without what would end its statement. */
const relationOf = ({ table, query }: Options) =>
  table === undefined ? { query: (query as string).replace(/[;\s]+$/, '') } : { table }
