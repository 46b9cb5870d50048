/**
 * A span for each attempt at a verb, for those who run their workers with an OpenTelemetry SDK.
 * Without one the API of OpenTelemetry does nothing, and costs nothing.
 */

import { type Attributes, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import { messageOf } from '../../src/errors.ts'

/** What a span is about. */
export interface Task {
  activity: string
  /** The id of the workflow; undefined for what is called by none. */
  ingestId: string | undefined
  queue: string
  attempt: number
  input: object
}

/**
 * Runs the work in a span that is named after the activity. What the work throws is recorded with its
 * message, which has no secrets: it is what the ledger and the log say too.
 */
export function inSpan<T>(task: Task, work: (span: Span) => Promise<T>): Promise<T> {
  const options = { attributes: attributesOf(task) }
  return trace.getTracer('sluice').startActiveSpan(task.activity, options, async (span) => {
    try {
      return await work(span)
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) })
      throw error
    } finally {
      span.end()
    }
  })
}

/** Names and numbers only: a spec may be large, and is in the ledger. */
function attributesOf({ ingestId, queue, attempt, input }: Task): Attributes {
  const attributes: Attributes = { 'sluice.attempt': attempt, 'sluice.queue': queue }
  if (ingestId) attributes['sluice.ingest'] = ingestId
  for (const name of ['unitNo', 'lotNo', 'fileNo', 'step', 'retryId'] as const) {
    const value = (input as Record<string, unknown>)[name]
    if (typeof value === 'number' || typeof value === 'string') attributes[`sluice.${name}`] = value
  }
  return attributes
}
