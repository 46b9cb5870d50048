/** Sluice's API in the bench's process, and one ingest as a client of it sees it. */
import { pino } from 'pino'
import { startApi } from '../src/api/server.ts'
import { createConnections } from '../src/connections/index.ts'
import { type Phase, tellPhases, type Verb } from './phases.ts'
import type { Stack } from './stack.ts'

export interface Api {
  url: string
  close(): Promise<void>
}

export function openApi(stack: Stack): Promise<Api> {
  const starting = startApi({
    databaseUrl: stack.databaseUrl,
    temporal: { address: stack.temporalAddress, namespace: 'default' },
    stage: { at: stack.stageDir },
    connections: createConnections(
      { variables: new Map(), folder: null, settings: {} },
      () => undefined,
    ),
    uiUrl: null,
    host: '127.0.0.1',
    port: 0,
    stepOver: false,
    findsDead: true,
    log: pino({ level: 'warn' }),
  })
  return stack.closing.addStarting(starting, (it) => it.close())
}

export interface Timed {
  /** From sending the POST to the event `end`. */
  seenMs: number
  /** From sending the POST to the time that the ledger has. */
  ledgerMs: number
  phases: Partial<Record<Verb, Phase>>
  betweenMs: number
}

/** The last event of an ingest. */
export interface Ended {
  state: string
  rowsLoaded: number
  endedAt: string
}

/** Posts a spec and follows the events to the end. Throws when that is not `completed`. */
export async function timeIngest(
  { client }: Stack,
  url: string,
  spec: { id: string } & Record<string, unknown>,
): Promise<Timed & { ended: Ended }> {
  const { id } = spec
  const sentMs = Date.now()
  const startMs = performance.now()
  await postIngest(url, spec)
  const ended = await untilEnded(`${url}/v1/ingests/${id}/events`)
  const seenMs = performance.now() - startMs
  if (ended.state !== 'completed') {
    throw new Error(`${id} ended otherwise: ${JSON.stringify(ended)}`)
  }
  const { phases, betweenMs } = await tellPhases(client, id)
  return { seenMs, ledgerMs: Date.parse(ended.endedAt) - sentMs, phases, betweenMs, ended }
}

/** @returns when the API has taken it in */
export async function postIngest(url: string, spec: Record<string, unknown>): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  await send(`${url}/v1/ingests`, { method: 'POST', headers, body: JSON.stringify(spec) })
}

const rowOf = (id: number): string => `${id},row ${id},2026-11-${10 + id}\n`
const tenRows = `id,name,day\n${Array.from({ length: 10 }, (_, id) => rowOf(id)).join('')}`

/** The file of a small ingest. */
export const uploadTen = (url: string, name: string): Promise<void> =>
  send(`${url}/v1/uploads/${name}`, { method: 'PUT', body: tenRows })

async function send(url: string, request: RequestInit): Promise<void> {
  const answer = await fetch(url, request)
  await accepted(answer)
  await answer.text()
}

async function accepted(response: Response): Promise<void> {
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
}

/** Follows the events to the last one. */
async function untilEnded(url: string): Promise<Ended> {
  const response = await fetch(url)
  await accepted(response)
  let text = ''
  const decoder = new TextDecoder()
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes as Uint8Array, { stream: true })
    const end = /^event: end\ndata: (.*)\n\n/m.exec(text)
    if (end) return JSON.parse(end[1] as string) as Ended
  }
  throw new Error(`${url} stopped before the end: ${text.slice(-500)}`)
}
