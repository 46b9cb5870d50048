/** How the API shows workers and their tasks: one schema gives type, documentation and reply. */
import { type Static, Type } from 'typebox'
import { count, orNull, time } from '../domain/schema.ts'

const number = (description: string) => Type.Number({ description })

const taskPart = {
  task: Type.String({ description: 'As the log of the worker names it.' }),
  activity: Type.String(),
  ingestId: Type.String(),
  what: Type.String({ description: 'Which unit or lot, or which file and step.' }),
  queue: Type.String(),
  attempt: count('From 1.'),
  startedAt: orNull(time('null: taken, and waiting for a slot of the worker.')),
  seconds: orNull(number('Since it started.')),
  progress: Type.Unsafe<string | number | null>({
    type: ['string', 'number', 'null'],
    description: 'What the step says of itself: a share from 0 to 1, or a text.',
  }),
  copied: orNull(
    Type.Object(
      { rows: count('Taken in.'), skipped: count('Rejected.'), sizeBytes: count('Read.') },
      { description: 'How far a unit that loads has come, as PostgreSQL sees it.' },
    ),
  ),
}

export const TaskNow = Type.Object(taskPart)
export type TaskNow = Static<typeof TaskNow>

/** A task, and the worker that runs it. */
export const ActiveTask = Type.Object({
  worker: Type.String(),
  instance: Type.String(),
  host: Type.String(),
  ...taskPart,
})
export type ActiveTask = Static<typeof ActiveTask>

const Death = Type.Object(
  {
    at: time('When it was found, by the clock of the database.'),
    by: Type.String({ description: 'The worker or the API that found it.' }),
    cause: Type.Enum(['killed', 'silent'], {
      description:
        'killed: its session ended without a word. silent: it did not speak, though its session ' +
        'lived: frozen, or cut off from the database.',
    }),
    silentMs: count('How long it had not spoken.'),
    handedOn: Type.Array(
      Type.Object({
        activity: Type.String(),
        ingestId: Type.String(),
        what: Type.String(),
        attempt: count('The one that it was at.'),
      }),
      { description: 'What it had in hand, and others were given at once.' },
    ),
  },
  {
    description:
      'How another worker or the API found it dead, the last time; null: none did. A worker that ' +
      'lives after all has a state other than gone.',
  },
)

const Totals = Type.Object({
  succeeded: count('Ended with a result.'),
  failed: count('Failed for good.'),
  retried: count('Failed, to be tried again.'),
  cancelled: count('Called off, or handed back.'),
  seconds: number('The sum of their run times.'),
})

const Slots = Type.Object(
  { total: count('Tasks at once.'), used: count('Under way.'), free: count('Left.') },
  { description: 'Over all its queues; those that share a limit count once.' },
)

const Temporal = Type.Object(
  {
    seenAt: time('When the server last heard from it.'),
    slotsUsed: Type.Integer(),
    slotsFree: Type.Integer(),
    hostCpu: number('Share, from 0 to 1.'),
    hostMemory: number('Share, from 0 to 1.'),
  },
  {
    description:
      'What the Temporal server says of it; null when it has not heard of it, does not answer, ' +
      'or keeps no list of workers (it does from 1.30 on).',
  },
)

export const Worker = Type.Object({
  worker: Type.String({ description: 'Its name: the Temporal identity.' }),
  instance: Type.String({ description: 'A UUID, new with every process.' }),
  state: Type.Enum(['running', 'drained', 'stopping', 'gone'], {
    description:
      'drained: takes no more tasks until it is told to resume. gone: it left, or was killed.',
  }),
  problem: orNull(Type.String({ description: 'Why it may not do what its state says.' })),
  host: Type.String(),
  pid: Type.Integer(),
  version: Type.String(),
  app: orNull(Type.String({ description: 'The module with its steps.' })),
  steps: Type.Array(Type.String()),
  activities: orNull(
    Type.Array(Type.String(), { description: 'null: it has another version than this API.' }),
  ),
  startedAt: time('When the process started.'),
  seenAt: time('When it last said something, which it does every second or two.'),
  goneAt: orNull(time('When it left, or fell silent.')),
  death: orNull(Death),
  uptimeSeconds: number('Until it was gone, if it is.'),
  queues: Type.Array(
    Type.Object({
      queue: Type.String(),
      concurrency: count('Tasks at once.'),
      shared: Type.Boolean({ description: 'The limit is one for all its queues that share it.' }),
      running: count('Tasks of this queue under way.'),
    }),
  ),
  slots: Slots,
  tasks: Type.Array(TaskNow, { description: 'In hand.' }),
  totals: Type.Record(Type.String(), Totals, { description: 'By activity, since it started.' }),
  rssBytes: count('Memory of the process.'),
  cpu: number('In cores, over the last moments.'),
  temporal: orNull(Temporal),
})
export type Worker = Static<typeof Worker>
