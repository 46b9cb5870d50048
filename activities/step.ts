/**
 * step: one of the user's steps on one staged file.
 *
 * It runs as often as workers die under it, and counts once: its result and the file that it made
 * come into the ledger in one transaction, which a later attempt finds.
 */
import type { StepTask } from '../src/postgres/ledger/steps.ts'
import type { Attempt } from './attempt/attempt.ts'
import { shapeFile } from './stage/shape.ts'
import { attemptAt, beginStep, type StepInput } from './step/begin.ts'
import { inScratch, runOnFile, stepHere } from './step/onFile.ts'

export async function runStep(attempt: Attempt, input: StepInput): Promise<void> {
  const { isLoaded, tasks, receipts } = await beginStep(attempt, input, { ...input, files: 1 })
  const [task] = tasks as [StepTask]
  if (!task.finishedAt) {
    const step = stepHere(attempt, input.step)
    await inScratch(attempt, input.ingestId, async (scratch) => {
      const at = attemptAt(attempt, input)
      receipts.add(await runOnFile(attempt, { step, scratch }, at, task))
    })
    await receipts.settled()
  }
  if (isLoaded && !task.file.shape) await shapeFile(attempt, input)
}
