/** Task queues and their rate limits, and the budget of the target. */

import { Type } from 'typebox'
import { QueueName } from '../../domain/routes.ts'
import { orNull } from '../../domain/schema.ts'
import { Budget } from '../../fleet/budgetView.ts'
import { mustBeKnown, seeLimited, seeQueue, seeQueues } from '../../fleet/queues.ts'
import { Queue } from '../../fleet/queueView.ts'
import { readUnitsMax, writeUnitsMax } from '../../postgres/ledger/settings.ts'
import { limitQueue } from '../../temporal/queues.ts'
import type { ApiDeps, App } from '../deps.ts'
import { problems } from '../schemas.ts'

const tags = ['queues']
const timeoutMs = 5000

const params = Type.Object({ queue: QueueName })

const Limit = Type.Object(
  {
    perSecond: orNull(
      Type.Number({
        // About one a day: less would be a queue that stands still, and does not look like it.
        minimum: 0.00001,
        maximum: 100_000,
        description: 'Activities that may start in a second. null takes the limit away.',
      }),
    ),
    reason: Type.Optional(Type.String({ maxLength: 200, description: 'For those who wonder.' })),
  },
  { additionalProperties: false },
)

export const queues = (deps: ApiDeps) => async (app: App) => {
  app.get('/v1/queues', {
    schema: {
      tags,
      summary: 'List the task queues',
      description: 'Those that living workers serve, and those that ingests and steps need.',
      response: { 200: Type.Object({ queues: Type.Array(Queue) }) },
    },
    handler: async () => ({ queues: await seeQueues(deps) }),
  })

  app.get('/v1/queues/:queue', {
    schema: {
      tags,
      summary: 'Show a task queue',
      params,
      response: { 200: Queue, ...problems('queue_unknown') },
    },
    handler: async ({ params: { queue } }) => {
      await mustBeKnown(deps, queue)
      return seeQueue(deps, queue)
    },
  })

  app.put('/v1/queues/:queue/rate-limit', {
    schema: {
      tags,
      summary: 'Limit how many activities of a task queue start in a second',
      description: 'Over all its workers, those to come as well: the Temporal server keeps it.',
      params,
      body: Limit,
      response: { 200: Queue, ...problems('queue_unknown', 'temporal_unavailable') },
    },
    handler: async ({ params: { queue }, body: { perSecond, reason = '' } }) => {
      const { temporal } = deps
      await mustBeKnown(deps, queue)
      const deadline = Date.now() + timeoutMs
      await temporal.withDeadline(deadline, () =>
        limitQueue(temporal, queue, { perSecond, reason }),
      )
      return seeLimited(deps, queue, perSecond)
    },
  })
}

export const budget =
  ({ db }: ApiDeps) =>
  async (app: App): Promise<void> => {
    app.get('/v1/budget', {
      schema: {
        tags,
        summary: 'Show how many units may load at once',
        response: { 200: Budget },
      },
      handler: async () => ({ unitsMax: await readUnitsMax(db) }),
    })

    app.put('/v1/budget', {
      schema: {
        tags,
        summary: 'Limit how many units load at once, over all workers and ingests',
        description: 'Units that load already are not touched; the limit holds from the next on.',
        body: Budget,
        response: { 200: Budget },
      },
      handler: async ({ body: { unitsMax } }) => {
        await writeUnitsMax(db, unitsMax)
        return { unitsMax }
      },
    })
  }
