/** Requests over HTTP: the one way in which Sluice asks servers that others name. */
import type { Agent } from 'undici'
import { sluiceError } from '../errors.ts'
import { createAgent, ordinaryTimeouts, type Timeouts } from './agent.ts'
import { toFault } from './fault.ts'
import { createReach } from './reach.ts'
import { parseUrl, shownUrl } from './url.ts'

export type Headers = Readonly<Record<string, string>>

export interface Request {
  method?: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  url: URL
  /** The path and the query as they are sent, in place of those of the URL: it may have `..` in it. */
  path?: string
  headers?: Headers
  /** Sent to the server that is asked, and to no other one that it redirects to. */
  secrets?: Headers
  body?: Buffer | string
  /** What is asked for, as messages name it; the URL without its query if absent. */
  name?: string
  /** How many redirects are followed: 5 if absent, and with 0 they are answers like any other. */
  redirectsMax?: number
  /** The operator has set the server: it may be on a private address. Redirects are not. */
  isTrusted?: boolean
  signal: AbortSignal
}

export interface Answer {
  status: number
  /** One value a name, in lower case. */
  header(name: string): string | null
  /** Its errors are those of the table. Read to its end, or left by `drop`. */
  body: AsyncIterable<Buffer>
  /** Leaves the rest of the body. */
  drop(): Promise<void>
}

/** Asks for one file with more headers. Any status is an answer. */
export type Ask = (headers: Headers, signal: AbortSignal) => Promise<Answer>

export interface Transport {
  /**
   * Sends one request. Any status is an answer.
   * @throws address_not_allowed, source_refused, source_unavailable
   */
  send(request: Request): Promise<Answer>
  close(): Promise<void>
}

export interface TransportOptions {
  /** Private networks that may be reached, as `10.0.0.0/8`. */
  allowPrivate: readonly string[]
  timeouts?: Timeouts
}

const redirectsMax = 5
const redirects = [301, 302, 303, 307, 308]

export function createTransport({ allowPrivate, timeouts }: TransportOptions): Transport {
  const reaches = { guarded: createReach(allowPrivate), open: { allows: () => true } }
  // The library is loaded by those who send something.
  const agents: { [K in keyof typeof reaches]?: Promise<Agent> } = {}
  const agentOf: AgentOf = (reach) => {
    agents[reach] ??= createAgent(reaches[reach], timeouts ?? ordinaryTimeouts)
    return agents[reach]
  }
  return {
    async send(request) {
      const { signal } = request
      signal.throwIfAborted()
      return follow(agentOf, request)
    },
    async close() {
      for (const agent of Object.values(agents)) await (await agent).destroy()
    },
  }
}

/** `open` leads to private addresses too. */
type AgentOf = (reach: 'guarded' | 'open') => Promise<Agent>

async function follow(agentOf: AgentOf, request: Request): Promise<Answer> {
  const { name = shownUrl(request.url), redirectsMax: most = redirectsMax, path, ...same } = request
  let { url } = request
  for (let followed = 0; ; followed++) {
    const isFirst = isSame(url, request.url)
    const agent = await agentOf(isFirst && request.isTrusted ? 'open' : 'guarded')
    const own = followed === 0 && path !== undefined ? { path } : {}
    const answer = await ask(agent, { ...same, ...own, url, name, isFirst })
    const location = redirects.includes(answer.status) ? answer.header('location') : null
    if (location === null || most === 0) return answer
    await answer.drop()
    if (followed >= most) throw refused(name, `it redirects more than ${most} times`)
    url = next(location, url, name)
  }
}

const isSame = (a: URL, b: URL): boolean => a.origin === b.origin

/** @throws source_refused, url_invalid */
function next(location: string, from: URL, name: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from.href) : null
  if (!to) throw refused(name, 'it redirects to what is no URL')
  if (from.protocol === 'https:' && to.protocol !== 'https:') {
    throw refused(name, `it redirects from https to ${shownUrl(to)}`)
  }
  return parseUrl(to.href)
}

const refused = (file: string, problem: string): Error =>
  sluiceError('source_refused', { file, problem })

interface Hop extends Request {
  name: string
  /** The server is the one that was named. */
  isFirst: boolean
}

async function ask(agent: Agent, hop: Hop): Promise<Answer> {
  const { url, path, method = 'GET', headers, secrets, body = null, name, isFirst, signal } = hop
  const own = { 'user-agent': 'sluice', 'accept-encoding': 'identity' }
  try {
    const {
      statusCode,
      headers: said,
      body: bytes,
    } = await agent.request({
      origin: url.origin,
      path: path ?? url.pathname + url.search,
      method,
      headers: { ...own, ...headers, ...(isFirst && secrets) },
      body,
      signal,
    })
    // An answer that is left early ends with an error that nobody waits for.
    bytes.on('error', () => {})
    return {
      status: statusCode,
      header: (key) => [said[key] ?? null].flat()[0] ?? null,
      body: told(bytes, name, signal),
      drop: async () => void bytes.destroy(),
    }
  } catch (error) {
    throw toFault(error, name, signal)
  }
}

async function* told(
  bytes: AsyncIterable<Buffer>,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of bytes) {
      signal.throwIfAborted()
      yield chunk
    }
  } catch (error) {
    throw toFault(error, name, signal)
  }
}
