/** The activities as the workflow calls them: with their queue, their time limits, their retries. */
import { proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import type { StepOrder } from '../src/domain/step.ts'
import type { LimitedVerb, LimitsByVerb } from '../src/domain/timeLimits.ts'
import { final, long, ofStep, short } from './options.ts'

export interface Verbs {
  list: Activities['listSource']
  stage: Activities['stageLot']
  plan: Activities['planIngest']
  load: Activities['loadUnit']
  publish: Activities['publishIngest']
}

/**
 * @param queue null: that of the workflow
 * @param limits by verb; what is left out keeps the limits of options.ts
 */
export function verbsOf(queue: string | null, limits: LimitsByVerb = {}): Verbs {
  const proxy = (options: typeof short, verb: LimitedVerb) => {
    const { softMs = 0, hardMs } = limits[verb] ?? {}
    return proxyActivities<Activities>({
      ...options,
      ...(queue !== null && { taskQueue: queue }),
      // A soft limit by itself moves the hard one out of its way.
      startToCloseTimeout: hardMs ?? Math.max(options.startToCloseTimeout, 2 * softMs),
    })
  }
  const soft = (verb: LimitedVerb) => {
    const softMs = limits[verb]?.softMs
    return softMs === undefined ? {} : { softMs }
  }
  return {
    list: (input) => proxy(long, 'list').listSource({ ...input, ...soft('list') }),
    stage: (input) => proxy(short, 'stage').stageLot({ ...input, ...soft('stage') }),
    plan: (input) => proxy(long, 'plan').planIngest({ ...input, ...soft('plan') }),
    load: (input) => proxy(short, 'load').loadUnit({ ...input, ...soft('load') }),
    publish: (input) => proxy(long, 'publish').publishIngest({ ...input, ...soft('publish') }),
  }
}

/** One of the user's steps, on its own queue. */
export function stepOf(order: StepOrder, limits: LimitsByVerb = {}): Activities['runStep'] {
  const { softMs = order.softMs, hardMs = Math.max(order.timeoutMs, softMs + 1000) } =
    limits.step ?? {}
  const { runStep } = proxyActivities<Activities>(ofStep(order, hardMs))
  return (input) => runStep({ ...input, softMs })
}

export const { sweepIngest: sweep } = proxyActivities<Activities>(final)
export const { markPaused } = proxyActivities<Activities>(short)
