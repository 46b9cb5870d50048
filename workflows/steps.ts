/**
 * Brings files through the steps. Those on the queue of the ingest share activities: several files
 * for one step, as many as are done in a moment. A file with which something went wrong has
 * activities of its own, and so has every file for a step on another queue.
 */
import { sleep, workflowInfo } from '@temporalio/workflow'
import type { IngestInput } from '../src/domain/ingestInput.ts'
import type { Alone, FilesDone, StepPlan } from '../src/domain/step.ts'
import type { Run } from './pause.ts'
import { stepOf, stepOnFilesOf } from './verbs.ts'

/** How long an activity for several files should take: so much more than it costs by itself. */
const sharedMs = 250

/** A step is quick if so many files go through it in that time. */
const quickFiles = 8

export interface StepRunner {
  /** How many of the files that are left go through the steps together. */
  take(left: number): number
  /** Brings files through all steps. Never more than one activity of theirs is under way. */
  run(fileNo: number, files: number): Promise<void>
}

export function stepRunner(ingestId: string, input: IngestInput, run: Run): StepRunner {
  const { parallelism, stepFilesMax = 1 } = input
  const steps = (run.progress.steps ?? []).map((plan, stepNo) =>
    oneStep(ingestId, input, { ...run, plan, stepNo }),
  )
  return {
    take(left) {
      if (!steps.some(({ isShared }) => isShared)) return 1
      // Steps that may take long leave something for every lane, down to one file each.
      const share = Math.ceil(left / (2 * parallelism))
      return Math.min(stepFilesMax, ...steps.map((step) => step.filesMax(share)))
    },
    async run(fileNo, files) {
      for (const step of steps) await step.run(fileNo, files)
    },
  }
}

function oneStep(
  ingestId: string,
  input: IngestInput,
  { progress, gate, plan, stepNo }: Run & { plan: StepPlan; stepNo: number },
) {
  const { step } = plan
  const own = progress.queue ?? null
  const queue = plan.queue ?? own
  const { taskQueue } = workflowInfo()
  const isShared = (queue ?? taskQueue) === (own ?? taskQueue)
  const ordered = { ...plan, queue }
  let known: number | null = null

  async function alone({ fileNo, before, threw }: Alone): Promise<void> {
    if (threw) await sleep(plan.retry.initialMs)
    const again = before > 0 && { before }
    const run = stepOf(threw ? triedOnce(ordered) : ordered, input)
    await gate.pass((hold) => run({ ingestId, fileNo, stepNo, step, ...again, ...hold }))
  }

  function learn({ next, alone = [], tookMs }: FilesDone, fileNo: number): void {
    const files = next - fileNo - alone.length
    if (files > 0) known = Math.floor((sharedMs * files) / Math.max(1, tookMs))
  }

  async function together(fileNo: number, to: number): Promise<void> {
    const left: Alone[] = []
    const run = stepOnFilesOf(ordered, input)
    for (let next = fileNo; next < to; ) {
      const range = { fileNo: next, files: to - next }
      const done = await gate.pass((hold) => run({ ingestId, stepNo, step, ...range, ...hold }))
      learn(done, next)
      left.push(...(done.alone ?? []))
      next = done.next
    }
    for (const each of left) await alone(each)
  }

  return {
    isShared,
    filesMax(share: number): number {
      if (!isShared) return Number.POSITIVE_INFINITY
      if (known === null) return share
      return known >= quickFiles ? known : Math.min(share, Math.max(2, known))
    },
    async run(fileNo: number, files: number): Promise<void> {
      if (isShared && files > 1) return together(fileNo, fileNo + files)
      for (let no = fileNo; no < fileNo + files; no++) {
        const { alone: tried } = progress
        const isTried = tried?.fileNo === no && tried.stepNo === stepNo
        await alone(isTried ? tried : { fileNo: no, before: 0, threw: false })
      }
    },
  }
}

/** The first retry has been waited for already. */
function triedOnce({ retry, ...plan }: StepPlan): StepPlan {
  const { initialMs, backoff, maximumMs } = retry
  const most = Math.max(initialMs, maximumMs)
  return { ...plan, retry: { ...retry, initialMs: Math.min(initialMs * backoff, most) } }
}
