/** Tells a worker something, and waits for what it answers. */
import { type Static, Type } from 'typebox'
import { QueueName } from '../domain/routes.ts'
import type { Answer, Command } from '../domain/worker.ts'
import { sluiceError } from '../errors.ts'
import { giveCommand, viewCommand, voidCommand } from '../postgres/ledger/commands.ts'
import { listWorkers } from '../postgres/ledger/workers.ts'
import { hearNothing } from '../postgres/listener.ts'
import { channels } from '../postgres/notify.ts'
import type { FleetDeps } from './deps.ts'
import { pick } from './fleet.ts'
import { goneAtOf } from './liveness.ts'

const pollMs = 100

const Concurrency = Type.Integer({ minimum: 1, maximum: 1000, description: 'Tasks at once.' })

const command = <K extends Command['kind'], P extends object>(
  kind: K,
  properties: P,
  description: string,
) =>
  Type.Object(
    { kind: Type.Literal(kind), ...properties },
    { additionalProperties: false, description },
  )

export const CommandBody = Type.Union([
  command('ping', {}, 'Answers.'),
  command(
    'concurrency',
    { concurrency: Concurrency },
    'Runs that many tasks at once, over the queues that share the limit.',
  ),
  command(
    'queue_add',
    { queue: QueueName, concurrency: Type.Optional(Concurrency) },
    'Takes tasks from one more queue: with a limit of its own, or within the shared one.',
  ),
  command('queue_remove', { queue: QueueName }, 'Takes no more tasks from that queue.'),
  command('drain', {}, 'Takes no more tasks; those in hand run to their end.'),
  command('resume', {}, 'Takes tasks again.'),
  command('shutdown', {}, 'Ends what it has in hand, or hands it back, and ends.'),
])

export const Told = Type.Object({
  worker: Type.String(),
  instance: Type.String(),
  done: Type.Literal(true),
  message: Type.String({ description: 'What the worker answered.' }),
  tookMs: Type.Integer(),
})
export type Told = Static<typeof Told>

interface CommandRequest {
  /** A name, or an instance. */
  worker: string
  command: Command
  timeoutSeconds: number
  /** Aborts when the caller does not wait for the answer any more. */
  signal: AbortSignal
}

/**
 * @throws worker_not_found, worker_ambiguous, worker_gone, command_refused, command_unanswered
 */
export async function tellWorker(deps: FleetDeps, request: CommandRequest): Promise<Told> {
  const { db } = deps
  const { command, timeoutSeconds } = request
  const found = pick(await listWorkers(db), request.worker)
  const { worker, instance } = found
  const goneAt = goneAtOf(found)
  if (goneAt) throw sluiceError('worker_gone', { worker, since: goneAt.toISOString() })
  const startMs = performance.now()
  const timeoutMs = timeoutSeconds * 1000
  const id = await giveCommand(db, instance, command, timeoutMs)
  const answer = await awaitAnswer(deps, id, { ...request, untilMs: startMs + timeoutMs })
  if (answer?.done) {
    const { message } = answer
    return {
      worker,
      instance,
      done: true,
      message,
      tookMs: Math.round(performance.now() - startMs),
    }
  }
  if (answer) throw sluiceError('command_refused', { worker, problem: answer.message })
  const isVoid = await voidCommand(db, id)
  const what = isVoid ? 'it never took it, and will not any more' : 'it took it, and is still at it'
  throw sluiceError('command_unanswered', { worker, seconds: timeoutSeconds, state: what })
}

/** @returns null when none came in time, or nobody waits for it any more */
async function awaitAnswer(
  { db, listener, lookMs = pollMs }: FleetDeps,
  id: number,
  { untilMs, signal }: { untilMs: number; signal: AbortSignal },
): Promise<Answer | null> {
  const heard = listener?.hear(channels.answers, String(id)) ?? hearNothing
  try {
    while (true) {
      const { answer } = await viewCommand(db, id)
      const leftMs = untilMs - performance.now()
      if (answer || signal.aborted || leftMs <= 0) return answer
      await heard.wait(Math.min(lookMs, leftMs), signal)
    }
  } finally {
    heard.close()
  }
}
