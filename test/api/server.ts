/** The API in this process, on a port of its own, over what `build()` made. */
import type { AddressInfo } from 'node:net'
import { Connection, Client as TemporalClient } from '@temporalio/client'
import { pino } from 'pino'
import { afterAll } from 'vitest'
import { buildApp } from '../../src/api/app.ts'
import type { ApiDeps } from '../../src/api/deps.ts'
import type { Patience } from '../../src/api/patience.ts'
import { build, type Harness } from '../harness.ts'
import { mustBeDocumented, type OpenApi } from './documented.ts'

export interface Api extends Harness {
  url: string
  /** Asks the API; the answer's body is read as JSON when it is some. */
  ask(method: string, path: string, body?: unknown): Promise<Answer>
  put(name: string, content: string | Buffer): Promise<Answer>
  /** Submits a spec on this file's queue, and waits for its end. */
  bring(spec: object): Promise<Answer>
}

export interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects in it.
  body: any
}

const none: ApiDeps['settings'] = { routes: [], timeouts: {} }

interface ListenOptions extends Pick<ApiDeps, 'listener' | 'lookMs'> {
  isTemporalAway?: boolean
  settings?: ApiDeps['settings']
  token?: string
  patience?: Patience
}

/** @param isTemporalAway the API talks to a port where nobody answers */
export async function listen(built: Harness, options: ListenOptions = {}): Promise<string> {
  const { port, close } = await listening(built, options)
  afterAll(close)
  return `http://127.0.0.1:${port}`
}

/** The same, for a test that ends it itself. */
export async function listening(built: Harness, options: ListenOptions = {}) {
  const { isTemporalAway = false, settings = none, token, patience, listener, lookMs } = options
  const address = '127.0.0.1:1'
  const away = () => new TemporalClient({ connection: Connection.lazy({ address }) })
  const app = await buildApp({
    db: built.db,
    temporal: isTemporalAway ? away() : built.client,
    // Nobody waits a minute for a server that is not there.
    ...(isTemporalAway && { startPatienceMs: 1000 }),
    stage: built.stage,
    attributes: true,
    token: token ?? null,
    uiUrl: 'http://ui.test',
    namespace: 'default',
    settings,
    log: pino({ level: 'silent' }),
    ...(patience && { patience }),
    ...(listener && { listener }),
    ...(lookMs && { lookMs }),
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const close = () => app.close()
  return { port: (app.server.address() as AddressInfo).port, close }
}

export async function buildApi(): Promise<Api> {
  const built = await build()
  const url = await listen(built)
  const ask = askAt(url)
  return {
    ...built,
    url,
    ask,
    put: (name, content) => answerOf(fetch(`${url}/v1/uploads/${name}`, put(content))),
    async bring(spec) {
      const accepted = await ask('POST', '/v1/ingests', { queue: built.queue, ...spec })
      if (accepted.status >= 300) return accepted
      await built.ended(accepted.body.id)
      return ask('GET', accepted.body.links.self)
    },
  }
}

const put = (content: string | Buffer): RequestInit => ({ method: 'PUT', body: content as never })

/** Every answer must be one that the documentation names. */
export function askAt(url: string): Api['ask'] {
  const openApi = answerOf(fetch(`${url}/docs/json`)).then(({ body }) => body as OpenApi)
  return async (method, path, body) => {
    const headers = { 'content-type': 'application/json' }
    const sent = body === undefined ? {} : { headers, body: JSON.stringify(body) }
    const answer = await answerOf(fetch(url + path, { method, ...sent }))
    mustBeDocumented(await openApi, { method, url: path }, answer)
    return answer
  }
}

async function answerOf(asked: Promise<Response>): Promise<Answer> {
  const answer = await asked
  const isJson = /json/.test(answer.headers.get('content-type') ?? '')
  const body = isJson ? await answer.json() : await answer.text()
  return { status: answer.status, headers: answer.headers, body }
}
