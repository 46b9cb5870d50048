/** Source `postgres`: a table of another PostgreSQL, or what a query gives there. */
import { type Static, Type } from 'typebox'
import { ConnectionName, namePattern } from '../connections/name.ts'
import { parseTableName, showTable } from '../domain/table.ts'
import { sluiceError } from '../errors.ts'
import { fieldsOf, sizeOf } from '../foreign/relation.ts'
import { readRows } from '../foreign/rows.ts'
import { withSession } from '../foreign/session.ts'
import type { Given, Source, SourceDeps, SourceKind } from './source.ts'

const options = Type.Object(
  {
    kind: Type.Literal('postgres'),
    connection: ConnectionName('The connection that has the address and the login.'),
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
  schemes: ['postgres', 'postgresql'],
  ofAddresses: ([address = '', ...others]: string[], given: Given): Options => {
    if (others.length > 0) throw unclear('An ingest reads one table, or one query')
    return ofAddress(address, given)
  },
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
    const database = async () => {
      const { url } = await deps.connections.get(connection, 'postgres')
      return { connection, url }
    }
    return {
      async *list(signal) {
        const sizeBytes = await withSession(await database(), signal, async (session) => {
          await fieldsOf(session, relation)
          return sizeOf(session, relation)
        })
        // What is read is the state at the time of reading, so no two ingests read the same.
        yield { name, sizeBytes, version: new Date().toISOString(), head, place: 0 }
      },
      async open({ name: file }, signal) {
        const { knownTypes } = deps
        return {
          link: null,
          ranges: false,
          madeFor: 'postgres',
          async *read() {
            const from = { database: await database(), relation, file }
            yield* readRows({ ...from, sessions, signal, knownTypes })
          },
          close: async () => {},
        }
      },
    }
  },
} satisfies SourceKind<Options>

/** The query without what would end its statement. */
const relationOf = ({ table, query }: Options) =>
  table === undefined ? { query: (query as string).replace(/[;\s]+$/, '') } : { table }

const unclear = (problem: string) =>
  sluiceError('usage_invalid', { problem, command: 'sluice ingest' })

/** `postgres://warehouse/public.orders`: the name of a connection, and a table there. */
function ofAddress(address: string, { connection, query }: Given): Options {
  const [, name = '', rest = ''] = /^\w+:\/\/([^/]*)\/?(.*)$/s.exec(address) ?? []
  // What else stands there may be a login, which belongs into a connection.
  if (!namePattern.test(name)) {
    throw unclear(
      'An address of a table is postgres://CONNECTION/SCHEMA.TABLE, with the name of a connection: see `sluice connections`',
    )
  }
  if (connection !== undefined && connection !== name) {
    throw unclear(`The address names the connection ${name}, and --connection ${connection}`)
  }
  const table = textOf(rest)
  if ((table === '') === (query === undefined)) {
    throw unclear('Give either a table in the address, or --query "select …" and none')
  }
  return { kind: 'postgres', connection: name, ...(query === undefined ? { table } : { query }) }
}

/** Characters may be written as in any address. */
function textOf(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
