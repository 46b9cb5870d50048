/**
 * Soft time limits as a header of each activity that has one: src/worker/softLimits.ts reads it.
 * A step has its own limit, which is part of its input.
 */
import { defaultPayloadConverter, type WorkflowInterceptorsFactory } from '@temporalio/workflow'
import { softLimitHeader, verbOfActivity } from '../src/domain/activityNames.ts'
import type { IngestInput } from '../src/domain/ingestInput.ts'

export const interceptors: WorkflowInterceptorsFactory = () => {
  let limits: IngestInput['limits']
  return {
    inbound: [
      {
        execute(input, next) {
          // An input of another form is refused by the workflow.
          limits = (input.args[0] as Partial<IngestInput> | null | undefined)?.limits
          return next(input)
        },
      },
    ],
    outbound: [
      {
        scheduleActivity(input, next) {
          const verb = verbOfActivity[input.activityType]
          const softMs = verb && limits?.[verb]?.softMs
          if (softMs === undefined) return next(input)
          const limit = { [softLimitHeader]: defaultPayloadConverter.toPayload(softMs) }
          return next({ ...input, headers: { ...input.headers, ...limit } })
        },
      },
    ],
  }
}
