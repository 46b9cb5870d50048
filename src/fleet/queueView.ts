/** How the API shows task queues. */
import { type Static, Type } from 'typebox'
import { count, orNull, time } from '../domain/schema.ts'

const number = (description: string) => Type.Number({ description })

const Stats = Type.Object({
  waiting: count('Tasks that wait; the Temporal server counts approximately.'),
  oldestSeconds: number('How long the oldest one has waited.'),
  addRate: number('Tasks that come in, a second.'),
  dispatchRate: number('Tasks that go to workers, a second.'),
})

const RateLimit = Type.Object({
  perSecond: number('Activities that may start in a second, over all workers of the queue.'),
  setBy: Type.Enum(['api', 'worker']),
  reason: orNull(Type.String()),
  setAt: orNull(time('When it was set.')),
})

export const Queue = Type.Object({
  queue: Type.String(),
  served: Type.Boolean({ description: 'A living worker takes tasks from it.' }),
  problem: orNull(Type.String({ description: 'Why what waits in it will go on waiting.' })),
  workers: Type.Array(
    Type.Object({
      worker: Type.String(),
      instance: Type.String(),
      concurrency: count('Tasks at once.'),
      shared: Type.Boolean({ description: 'With other queues of this worker.' }),
      running: count('Tasks of this queue under way.'),
    }),
    { description: 'Those that take tasks from it.' },
  ),
  slots: Type.Object({
    total: count('All slots of its workers.'),
    running: count('Tasks of this queue under way, also those of workers that take no more.'),
  }),
  ingests: count('Ingests under way that belong to it.'),
  activities: orNull(Stats),
  workflows: orNull(Stats),
  rateLimit: orNull(RateLimit),
})
export type Queue = Static<typeof Queue>
