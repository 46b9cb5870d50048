/**
 * How soon what happens is told: a command to a worker until its answer, and a change in the ledger until
 * a client that follows the ingest has its event. One after the other, as a client of the API sees them.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { enterPhase } from '../src/postgres/ledger/ingests.ts'
import { openApi, postIngest, uploadTen } from './api.ts'
import { type Measure, noiseNote, type Part, watched } from './part.ts'
import type { Stack } from './stack.ts'
import { median, quantile } from './statistics.ts'
import { startWorker } from './worker.ts'

export interface ToldPart extends Part {
  /** From sending `POST /v1/workers/w1/commands` to its answer. */
  commandsMs: number[]
  /** From sending the statement that commits the change to the event at the client. */
  eventsMs: number[]
}

const times = 20
/** Progress is told 20 times a second at most; each of these is to be told. */
const betweenMs = 100
const worker = 'w1'

export const told: Measure<ToldPart> = {
  async measure(stack, { patienceSeconds }) {
    const started = await startWorker(stack, {
      ...{ queue: 'told', concurrency: 4, sources: stack.folder, profiles: null, name: worker },
    })
    const api = await openApi(stack)
    const watch = { workerPid: started.pid, patienceSeconds }
    const { value, noise } = await watched(stack, watch, async () => ({
      commandsMs: await timeCommands(api.url),
      eventsMs: await timeEvents(stack, api.url),
    }))
    await api.close()
    await started.stop()
    return { measuredAt: new Date().toISOString(), ...value, noise }
  },
  isFull: () => true,
  tell: (part) => ({
    title: `What happens is told: ${times} one after the other.`,
    cells: [
      ['', 'median', 'p95'],
      ['`sluice control concurrency 8 w1`, without its start', ...spread(part.commandsMs)],
      ['a commit until its event is at a client of `/events`', ...spread(part.eventsMs)],
    ],
    words: [0],
    notes: noiseNote(part),
  }),
}

const spread = (ms: readonly number[]): string[] =>
  [median([...ms]), quantile([...ms], 0.95)].map((each) => `${each.toFixed(1)} ms`)

async function timeCommands(url: string): Promise<number[]> {
  const headers = { 'content-type': 'application/json' }
  const spent: number[] = []
  for (let no = 0; no < times; no++) {
    const body = JSON.stringify({ kind: 'concurrency', concurrency: no % 2 === 0 ? 8 : 4 })
    const startMs = performance.now()
    const answer = await fetch(`${url}/v1/workers/${worker}/commands`, {
      ...{ method: 'POST', headers, body },
    })
    const text = await answer.text()
    spent.push(performance.now() - startMs)
    if (!answer.ok) throw new Error(`${answer.status} ${text}`)
    await sleep(betweenMs)
  }
  return spent
}

/** Of an ingest that no worker serves: the bench itself is what changes it. */
async function timeEvents({ db }: Stack, url: string): Promise<number[]> {
  const id = 'told'
  await uploadTen(url, id)
  const source = { kind: 'upload', uploads: [id] }
  await postIngest(url, { id, source, target: { table: id }, queue: 'told-to-nobody' })
  const gone = new AbortController()
  const answer = await fetch(`${url}/v1/ingests/${id}/events`, { signal: gone.signal })
  const events = eventsOf(answer.body as AsyncIterable<Uint8Array>)
  await events.next()
  const spent: number[] = []
  for (let no = 0; no < times; no++) {
    await sleep(betweenMs)
    const phase = no % 2 === 0 ? 'list' : 'stage'
    const startMs = performance.now()
    const entered = enterPhase(db, id, phase)
    const { value } = await events.next()
    spent.push(performance.now() - startMs)
    await entered
    if (!value?.includes(`"phase":"${phase}"`)) throw new Error(`not ${phase}: ${value}`)
  }
  gone.abort()
  return spent
}

/** The events of the stream, as they come. */
async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of body) {
    text += decoder.decode(bytes, { stream: true })
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = text.slice(0, end)
      text = text.slice(end + 2)
      if (event.startsWith('event: progress')) yield event
    }
  }
}
