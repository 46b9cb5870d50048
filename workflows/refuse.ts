/** Refuses the input of a workflow that was started by hand, with one that is not valid. */
import { ApplicationFailure } from '@temporalio/workflow'
import type { Outcome } from '../src/domain/words.ts'

const code = 'input_invalid'

/** As the ledger keeps it. */
export const refusalOf = (problem: string) =>
  ({
    code,
    message: `The input of the workflow is not valid: ${problem}.`,
    hint: 'Start ingests with `sluice ingest` or POST /v1/ingests, which write the input.',
  }) satisfies Outcome['error']

/** It ends the workflow: no other attempt would find another input. */
export const refused = (problem: string): ApplicationFailure => failure(refusalOf(problem))

/** An error of the table, of which a workflow has the texts only. */
export function failure({ code, message, hint }: Failed): ApplicationFailure {
  return ApplicationFailure.create({
    message,
    type: code,
    nonRetryable: true,
    details: [{ code, hint }],
  })
}

type Failed = NonNullable<Outcome['error']>
