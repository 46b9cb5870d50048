/** `sluice inspect ping [worker]` */
import type { Client } from '../../client.ts'
import { choose, showAnswers, tell } from '../control/tell.ts'
import type { Options, Shown } from './shown.ts'

/** Ends with 1 when one of them does not answer. */
export async function showPing(
  client: Client,
  name: string | undefined,
  { timeout }: Options,
): Promise<Shown> {
  const workers = await choose(client, { worker: name, all: true })
  const answers = await tell(client, workers, { command: { kind: 'ping' }, timeout })
  return { json: { answers }, text: showAnswers(answers) }
}
