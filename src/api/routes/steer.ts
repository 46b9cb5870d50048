/** Pause, resume, cancel. */

import { viewCurrent } from '../../ingests/current.ts'
import { type Steer, steer } from '../../ingests/steer.ts'
import { Steered } from '../../ingests/view.ts'
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
        description: `${description} 200 when that holds; 202 when it will.`,
        params: IngestParams,
        response: {
          200: Steered,
          202: Steered,
          ...problems('ingest_not_found', 'ingest_ended', 'temporal_unavailable'),
        },
      },
      handler: async ({ params: { id } }, reply) => {
        const holds = await steer(deps, id, what)
        const now = await viewCurrent(deps, id)
        return reply.code(holds ? 200 : 202).send({ ...now, holds })
      },
    })
  }
}
