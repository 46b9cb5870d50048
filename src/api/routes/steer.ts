/** Pause, resume, cancel. */

import { viewCurrent } from '../../ingests/current.ts'
import { type Steer, steer } from '../../ingests/steer.ts'
import { IngestNow } from '../../ingests/view.ts'
import type { ApiDeps, App } from '../deps.ts'
import { IngestParams, problems } from '../schemas.ts'

const steers: Record<Steer, string> = {
  pause: 'Begins no more units, and publishes nothing; units that a worker has begun end.',
  resume: 'Goes on where it was paused.',
  cancel: 'Ends loads under way and drops the landing table; the target stays as it was.',
}

export const steering = (deps: ApiDeps) => async (app: App) => {
  for (const [what, description] of Object.entries(steers) as [Steer, string][]) {
    app.post(`/v1/ingests/:id/${what}`, {
      schema: {
        tags: ['ingests'],
        summary: `${what[0]?.toUpperCase()}${what.slice(1)} an ingest`,
        description,
        params: IngestParams,
        response: {
          202: IngestNow,
          ...problems('ingest_not_found', 'ingest_ended', 'temporal_unavailable'),
        },
      },
      handler: async ({ params: { id } }, reply) => {
        await steer(deps, id, what)
        return reply.code(202).send(await viewCurrent(deps, id))
      },
    })
  }
}
