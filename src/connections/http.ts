/** Connection `http`: a server, and how to log in there. */
import { type Static, Type } from 'typebox'
import { SluiceError } from '../errors.ts'
import { statusError } from '../http/status.ts'
import type { Headers } from '../http/transport.ts'
import { parseUrl, shownUrl } from '../http/url.ts'
import type { ConnectionKind, TestDeps } from './connection.ts'

const Text = Type.String({ minLength: 1, maxLength: 65_536 })

const options = Type.Object(
  {
    kind: Type.Literal('http'),
    url: Type.String({
      maxLength: 8192,
      description: 'What the addresses of its files begin with: no other server gets its headers.',
    }),
    bearer: Type.Optional(Text),
    user: Type.Optional(Text),
    password: Type.Optional(Text),
    headers: Type.Optional(Type.Record(Type.String({ minLength: 1, maxLength: 200 }), Text)),
  },
  { additionalProperties: false },
)
export type HttpConnection = Static<typeof options>

/** What Sluice says itself. */
const ownHeaders =
  /^(host|connection|content-length|transfer-encoding|expect|upgrade|te|trailer|keep-alive|range|if-.*|accept-encoding)$/i

export const http = {
  options,
  problemOf(given: HttpConnection) {
    // It may be a secret that was put into the wrong place.
    if (!URL.canParse(given.url)) return 'url is no URL'
    try {
      const { search } = parseUrl(given.url)
      if (search !== '') return 'url has a query, which belongs in the addresses of the files'
    } catch (error) {
      if (error instanceof SluiceError) return `url: ${error.message}`
      throw error
    }
    return problemOfLogin(given)
  },
  shown: ({ url }: HttpConnection) => shownUrl(parseUrl(url)),
  async test(given: HttpConnection, { name, transport, signal }: TestDeps) {
    const url = parseUrl(given.url)
    const answer = await transport.send({ url, secrets: headersOf(given), signal })
    await answer.drop()
    const { status } = answer
    const error = statusError(answer, `connection ${name}`)
    // A folder may have no page of its own: the login is what was to be tested.
    const isFine = status < 300 || status === 404 || status === 405
    if (!isFine) throw error
    return status < 300
      ? `its server answers ${status}`
      : `its server answers ${status} at its url, and asks for no other login`
  },
} satisfies ConnectionKind<HttpConnection>

function problemOfLogin(given: HttpConnection): string | null {
  const { bearer, user, password, headers = {} } = given
  if ((user === undefined) !== (password === undefined)) return 'user and password go together'
  if (bearer !== undefined && user !== undefined) return 'it has both bearer and user'
  for (const [name, value] of Object.entries({ ...headers, ...(bearer && { bearer }) })) {
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name)) return 'a name in headers is none of a header'
    if (ownHeaders.test(name)) return `headers.${name} is for Sluice itself to say`
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return `${name} has characters that no header has`
  }
  return null
}

/** What goes along with each request to its server. */
export function headersOf({ bearer, user, password, headers }: HttpConnection): Headers {
  const named = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])
  return {
    ...Object.fromEntries(named),
    ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    ...(user !== undefined && {
      authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
    }),
  }
}

/** Whether an address is one of the connection's: on its server, and below its path. */
export function isWithin({ url: base }: HttpConnection, url: URL): boolean {
  const { origin, pathname } = new URL(base)
  if (url.origin !== origin) return false
  const folder = pathname.endsWith('/') ? pathname : `${pathname}/`
  return url.pathname === pathname || url.pathname.startsWith(folder)
}
