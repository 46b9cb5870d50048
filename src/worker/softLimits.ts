/** Gives an activity the soft time limit that its workflow set: see workflows/softLimits.ts. */
import { defaultPayloadConverter } from '@temporalio/common'
import type { ActivityInterceptorsFactory } from '@temporalio/worker'
import { softLimitHeader } from '../domain/activityNames.ts'

export const softLimits: ActivityInterceptorsFactory = () => ({
  inbound: {
    execute(input, next) {
      const payload = input.headers[softLimitHeader]
      if (!payload) return next(input)
      const softMs = defaultPayloadConverter.fromPayload(payload)
      const [first, ...others] = input.args
      return next({ ...input, args: [{ ...(first as object), softMs }, ...others] })
    },
  },
})
