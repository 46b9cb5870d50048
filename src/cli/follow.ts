/** Follows an ingest through the API until its end, also past a restart of the API. */
import { setTimeout as sleep } from 'node:timers/promises'
import { SluiceError } from '../errors.ts'
import type { Client, IngestEvent } from './client.ts'

const againMs = 1000
const patienceMs = 120_000

/**
 * Yields every view that the API sends; the last one has ended, or has a problem.
 * @throws api_unavailable when the API stays away
 */
export async function* follow(
  client: Client,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<IngestEvent> {
  let heardMs = performance.now()
  while (true) {
    try {
      for await (const { event, view } of eventsOf(client, await client.events(id, signal))) {
        heardMs = performance.now()
        yield view
        if (event === 'end') return
      }
    } catch (error) {
      signal.throwIfAborted()
      // The ingest does not need the API to go on, so a lost line is no failure.
      const isAway = !(error instanceof SluiceError) || error.code === 'api_unavailable'
      if (!isAway || performance.now() - heardMs > patienceMs) throw error
    }
    await sleep(againMs, null, { signal })
  }
}

/** Reads server-sent events: `event: …`, `data: …`, an empty line. */
async function* eventsOf(
  client: Client,
  answer: Response,
): AsyncGenerator<{ event: string; view: IngestEvent }> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const bytes of answer.body as unknown as AsyncIterable<Uint8Array>) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n\n')
    rest = parts.pop() ?? ''
    for (const part of parts) {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(part) ?? []
      if (event && data) yield { event, view: client.shown(JSON.parse(data)) }
    }
  }
}
