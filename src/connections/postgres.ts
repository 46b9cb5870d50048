/** Connection `postgres`: a database, and how to log in there. */
import { type Static, Type } from 'typebox'
import { withSession } from '../foreign/session.ts'
import type { ConnectionKind, TestDeps } from './connection.ts'

const options = Type.Object(
  {
    kind: Type.Literal('postgres'),
    url: Type.String({
      minLength: 1,
      maxLength: 8192,
      description: 'Like `postgres://reader:secret@db.example:5432/shop?sslmode=verify-full`.',
    }),
  },
  { additionalProperties: false },
)
export type PostgresConnection = Static<typeof options>

export const postgres = {
  options,
  problemOf({ url }: PostgresConnection) {
    const parsed = parse(url)
    if (!parsed) return 'url is no address'
    if (!/^postgres(ql)?:$/.test(parsed.protocol)) return 'url does not begin with postgres://'
    return parsed.hostname === '' && !parsed.searchParams.has('host') ? 'url has no host' : null
  },
  shown({ url }: PostgresConnection) {
    const { hostname, port, pathname } = parse(url) as URL
    return `postgres://${hostname}${port && `:${port}`}${pathname}`
  },
  test: ({ url }: PostgresConnection, { name, signal }: TestDeps) =>
    withSession({ connection: name, url }, signal, async (session) => {
      const { rows } = await session.query<{ role: string; version: string }>(
        `select current_user as role, current_setting('server_version') as version`,
      )
      const { role, version } = rows[0] as { role: string; version: string }
      return `PostgreSQL ${version} lets ${role} in`
    }),
} satisfies ConnectionKind<PostgresConnection>

function parse(url: string): URL | null {
  try {
    return new URL(url)
  } catch {
    return null
  }
}
