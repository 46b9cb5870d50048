/** How a step of an ingest is shown: one schema gives the type, the documentation and the reply. */
import { type Static, Type } from 'typebox'
import { orNull, time } from '../domain/schema.ts'
import type { StepView } from '../postgres/ledger/steps.ts'

export const Step = Type.Object({
  fileNo: Type.Integer(),
  file: Type.String(),
  stepNo: Type.Integer(),
  step: Type.String(),
  worker: Type.String({ description: 'The worker of the last attempt that ended.' }),
  attempt: Type.Integer(),
  failures: Type.Integer({ description: 'Attempts that threw.' }),
  error: orNull(Type.String({ description: 'What the last one threw.' })),
  result: Type.Unknown({ description: 'What the step returned.' }),
  startedAt: time('When that attempt began.'),
  finishedAt: orNull(time('null as long as it has not succeeded.')),
})
export type Step = Static<typeof Step>

export const StepPage = Type.Object({ steps: Type.Array(Step), next: orNull(Type.String()) })
export type StepPage = Static<typeof StepPage>

export const showStep = ({ startedAt, finishedAt, ...step }: StepView): Step => ({
  ...step,
  startedAt: startedAt.toISOString(),
  finishedAt: finishedAt?.toISOString() ?? null,
})
