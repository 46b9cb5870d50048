/** Progress of an ingest as server-sent events. */
import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { follow } from '../../ingests/follow.ts'
import { mustExist } from '../../postgres/ledger/ingests.ts'
import type { ApiDeps, App } from '../deps.ts'
import { clientGone } from '../gone.ts'
import { IngestParams, problems } from '../schemas.ts'

const heartbeatMs = 15_000

const description = `
An event \`progress\` with the ingest as JSON (as \`GET /v1/ingests/:id\` shows it, without the spec), at once and
whenever it has changed; the last one is named \`end\`. Comments in between keep the line open.`

export const events = (deps: ApiDeps) => async (app: App) => {
  const closing = new AbortController()
  app.addHook('preClose', async () => closing.abort())

  app.get('/v1/ingests/:id/events', {
    schema: {
      tags: ['ingests'],
      summary: 'Follow an ingest',
      description,
      produces: ['text/event-stream'],
      params: IngestParams,
      response: { 200: Type.String(), ...problems('ingest_not_found') },
    },
    handler: async (request, reply) => {
      const {
        params: { id },
        method,
      } = request
      const gone = clientGone(request, reply)
      await mustExist(deps.db, id)
      const type = 'text/event-stream; charset=utf-8'
      if (method === 'HEAD') return reply.type(type).send('')
      const signal = AbortSignal.any([gone, closing.signal])
      // Without x-accel-buffering nginx would collect events before it passes them on.
      void reply.headers({ 'cache-control': 'no-cache', 'x-accel-buffering': 'no' })
      return reply.type(type).send(Readable.from(eventsOf(deps, id, signal)) as never)
    },
  })
}

async function* eventsOf(deps: ApiDeps, ingestId: string, signal: AbortSignal) {
  let lastMs = performance.now()
  for await (const view of follow(deps, ingestId, signal)) {
    if (!view && performance.now() - lastMs < heartbeatMs) continue
    lastMs = performance.now()
    if (!view) yield ': still there\n\n'
    else {
      const name = view.endedAt || view.problem ? 'end' : 'progress'
      yield `event: ${name}\ndata: ${JSON.stringify(view)}\n\n`
    }
  }
}
