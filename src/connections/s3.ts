/** Connection `s3`: a store, who we are there, and what of it may be read. */
import { type Static, Type } from 'typebox'
import { SluiceError, sluiceError } from '../errors.ts'
import { parseUrl, shownUrl } from '../http/url.ts'
import { parseAddress, type S3Address, showAddress } from '../s3/address.ts'
import { createClient, type Store } from '../s3/client.ts'
import { chainLogin, fixedLogin, loginOfVariables } from '../s3/credentials.ts'
import { isRegion } from '../s3/fault.ts'
import type { ConnectionKind, TestDeps } from './connection.ts'
import type { Variable } from './secrets.ts'

const Text = Type.String({ minLength: 1, maxLength: 65_536 })

const options = Type.Object(
  {
    kind: Type.Literal('s3'),
    url: Type.Optional(
      Type.String({ maxLength: 8192, description: 'What may be read: s3://bucket/prefix.' }),
    ),
    endpoint: Type.Optional(
      Type.String({ maxLength: 8192, description: 'The server of the store; absent for AWS.' }),
    ),
    region: Type.Optional(Text),
    pathStyle: Type.Optional(Type.Boolean()),
    accessKeyId: Type.Optional(Text),
    secretAccessKey: Type.Optional(Text),
    sessionToken: Type.Optional(Text),
    profile: Type.Optional(Text),
    anonymous: Type.Optional(Type.Literal(true)),
    requesterPays: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)
export type S3Connection = Static<typeof options>

export const s3 = {
  options,
  problemOf(given: S3Connection) {
    const { url, endpoint, region, accessKeyId, secretAccessKey, sessionToken } = given
    try {
      if (url !== undefined) parseAddress(url)
      if (endpoint !== undefined && parseUrl(endpoint).search !== '') return 'endpoint has a query'
    } catch (error) {
      if (error instanceof SluiceError) return error.message
      throw error
    }
    if (region !== undefined && !isRegion(region)) return 'region is none, like eu-central-1'
    if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
      return 'accessKeyId and secretAccessKey go together'
    }
    if (sessionToken !== undefined && accessKeyId === undefined) {
      return 'sessionToken goes with accessKeyId'
    }
    const { profile, anonymous } = given
    const who = [accessKeyId, profile, anonymous].filter((each) => each !== undefined)
    return who.length > 1 ? 'it has more than one of accessKeyId, profile and anonymous' : null
  },
  shown({ url, endpoint }: S3Connection) {
    const where = endpoint === undefined ? 'AWS' : shownUrl(parseUrl(endpoint))
    return url === undefined ? where : `${url} at ${where}`
  },
  async test(given: S3Connection, { name: connection, transport, variable, signal }: TestDeps) {
    const client = createClient(storeOf(given, variable), transport)
    const name = `connection ${connection}`
    const listing = given.url === undefined ? null : parseAddress(given.url)
    const query: Record<string, string> = listing
      ? { 'list-type': '2', 'max-keys': '1', prefix: listing.key }
      : {}
    try {
      const { bucket = '' } = listing ?? {}
      const answer = await client.ask({ bucket, key: '', query, name, signal })
      await answer.drop()
      if (answer.status !== 200) throw notAStore(name, answer.status)
    } catch (error) {
      const isKnown = error instanceof SluiceError && /AccessDenied/.test(error.message)
      // To list the buckets is a right of its own, which reading does not need.
      if (listing || !isKnown || given.anonymous) throw error
      return 'its server knows the keys, which may not list the buckets'
    }
    return listing ? `it lists ${showAddress(listing)}` : 'its server lists the buckets'
  },
} satisfies ConnectionKind<S3Connection>

const notAStore = (file: string, status: number): Error =>
  sluiceError('store_refused', {
    file,
    problem: `it answers ${status}`,
    next: 'correct the endpoint',
  })

/** What AWS's own programs would take from the variables holds where the connection says nothing. */
export function storeOf(given: S3Connection | null, variable: Variable): Store {
  const {
    endpoint = given ? undefined : variable('AWS_ENDPOINT_URL_S3') || variable('AWS_ENDPOINT_URL'),
    region = variable('AWS_REGION') || variable('AWS_DEFAULT_REGION'),
    pathStyle,
    requesterPays = false,
  } = given ?? {}
  return {
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    isPathStyle: pathStyle ?? endpoint !== undefined,
    login: loginOf(given, variable),
    requesterPays,
  }
}

function loginOf(given: S3Connection | null, variable: Variable) {
  const { accessKeyId, secretAccessKey, sessionToken, profile, anonymous } = given ?? {}
  if (anonymous) return fixedLogin(null)
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return fixedLogin({ accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) })
  }
  if (profile !== undefined) return chainLogin(profile)
  return loginOfVariables(variable) ?? chainLogin(undefined)
}

/**
 * Whether an address is one of the connection's: in its bucket, and below its prefix.
 * @param isBegin it is what keys begin with, and no key
 */
export function mayRead(
  { url }: S3Connection,
  { bucket, key }: S3Address,
  isBegin: boolean,
): boolean {
  if (url === undefined) return true
  const most = parseAddress(url)
  const folder = most.key === '' || most.key.endsWith('/') ? most.key : `${most.key}/`
  return bucket === most.bucket && (key.startsWith(folder) || (!isBegin && key === most.key))
}
