/** Tells workers something, and shows what each of them answers. */
import { Option } from 'commander'
import type { Command } from '../../../domain/worker.ts'
import { SluiceError, shellHintOf, sluiceError } from '../../../errors.ts'
import type { Client, Worker } from '../../client.ts'
import { colors } from '../../colors.ts'
import { integer } from '../../options.ts'
import { duration } from '../../text.ts'

/** What a worker made of a command. */
export type Answer = { worker: string; instance: string } & (
  | { done: true; message: string; tookMs: number }
  | { done: false; code: string; message: string; hint: string }
)

/** How long to wait for an answer, in seconds. */
export const timeoutOption = (preset = 10): Option =>
  new Option('--timeout <seconds>', 'how long to wait for the answer')
    .argParser(integer(1, 120))
    .default(preset)

/**
 * The workers that are meant: the one that is named, every one that lives, or the only one.
 * @throws no_worker, worker_unnamed, worker_not_found, worker_ambiguous
 */
export async function choose(
  client: Client,
  { worker, all = false }: { worker?: string | undefined; all?: boolean | undefined },
): Promise<Worker[]> {
  if (worker !== undefined) return [await client.worker(worker)]
  const { workers } = await client.workers()
  const living = workers.filter(({ state }) => state !== 'gone')
  if (living.length === 0) throw sluiceError('no_worker', {})
  if (all || living.length === 1) return living
  throw sluiceError('worker_unnamed', { workers: living.map((each) => each.worker).join(', ') })
}

/** Tells all of them at once. The exit code is 1 when one of them does not do it. */
export async function tell(
  client: Client,
  workers: readonly Worker[],
  { command, timeout }: { command: Command; timeout: number },
): Promise<Answer[]> {
  const answers = await Promise.all(
    workers.map(async ({ worker, instance }): Promise<Answer> => {
      try {
        return await client.tell(instance, command, timeout)
      } catch (error) {
        if (!(error instanceof SluiceError) || error.code === 'api_unavailable') throw error
        const { code, message } = error
        return { worker, instance, done: false, code, message, hint: shellHintOf(error) ?? '' }
      }
    }),
  )
  if (answers.some(({ done }) => !done)) process.exitCode = 1
  return answers
}

export const showAnswers = (answers: readonly Answer[]): string =>
  answers
    .map((answer) =>
      answer.done
        ? `${colors.green('✓')} ${answer.worker}: ${answer.message}  ${colors.dim(duration(answer.tookMs))}`
        : `${colors.red('✗')} ${answer.worker}: ${answer.message}\n  ${answer.hint}`,
    )
    .join('\n')
