/**
 * Checks what workflows and activities are started with: Temporal takes an input of any form from
 * any client that may start one, and no form of it may end a worker or be retried for ever.
 *
 * A workflow uses it, so it is plain code: the library of the schemas is not in its bundle.
 */
import { runPhases } from './ingestInput.ts'

/** What is wrong, with where; null when it is right. */
type Check = (value: unknown, at: string) => string | null

const wholeMax = Number.MAX_SAFE_INTEGER
const int4Max = 2 ** 31 - 1
const durationMsMax = 10 * 365 * 24 * 60 * 60 * 1000

const whole =
  (min: number, max: number): Check =>
  (value, at) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? null
      : `${at} is no whole number from ${min} to ${max}`

const text =
  (pattern: RegExp, what: string): Check =>
  (value, at) =>
    typeof value === 'string' && value.length <= 1000 && pattern.test(value)
      ? null
      : `${at} is not ${what}`

const oneOf =
  (...values: readonly unknown[]): Check =>
  (value, at) =>
    values.includes(value) ? null : `${at} is none of ${values.join(', ')}`

const either =
  (...checks: Check[]): Check =>
  (value, at) => {
    const problems = checks.map((check) => check(value, at))
    return problems.includes(null) ? null : problems.join(', and ')
  }

const optional =
  (check: Check): Check =>
  (value, at) =>
    value === undefined ? null : check(value, at)

const orNull =
  (check: Check): Check =>
  (value, at) =>
    value === null ? null : check(value, at)

/** Fields that it does not name are for later versions, and taken. */
const fields =
  (checks: Record<string, Check>): Check =>
  (value, at) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
      return `${at} is no object`
    }
    for (const [name, check] of Object.entries(checks)) {
      const problem = check((value as Record<string, unknown>)[name], `${at}.${name}`)
      if (problem) return problem
    }
    return null
  }

const listOf =
  (check: Check, max: number): Check =>
  (value, at) => {
    if (!Array.isArray(value) || value.length > max) return `${at} is no list of up to ${max}`
    for (const [index, each] of value.entries()) {
      const problem = check(each, `${at}[${index}]`)
      if (problem) return problem
    }
    return null
  }

const boolean = oneOf(true, false)
const anyText = text(/^[^\0]*$/, 'a text')
const number = whole(0, int4Max)
const count = whole(0, wholeMax)
const duration = whole(1, durationMsMax)
const heartbeat = whole(1000, 3_600_000)
const limits = optional(fields({ softMs: optional(duration), hardMs: optional(duration) }))

const step = fields({
  step: text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'the name of a step'),
  queue: orNull(anyText),
  timeoutMs: duration,
  softMs: duration,
  retry: fields({
    initialMs: duration,
    backoff: (value, at) =>
      typeof value === 'number' && value >= 1 && value <= 1000
        ? null
        : `${at} is no number from 1 to 1000`,
    maximumMs: duration,
  }),
})

const ingest = fields({
  target: orNull(anyText),
  parallelism: whole(1, 200),
  rejectsMax: orNull(either(count, text(/^\d{1,3}(\.\d{1,9})?%$/, 'a share like 1%'))),
  limits: optional(
    fields({
      list: limits,
      stage: limits,
      step: limits,
      plan: limits,
      load: limits,
      publish: limits,
    }),
  ),
  smallBytesMax: optional(count),
  stepFilesMax: optional(whole(1, 1000)),
  isHeld: optional(boolean),
  lotBytesMax: optional(whole(1, wholeMax)),
  historyEventsMax: optional(whole(1, 50_000)),
  heartbeatMs: optional(heartbeat),
})

const progress = fields({
  phase: oneOf(...runPhases),
  next: number,
  files: number,
  lots: number,
  streams: optional(boolean),
  nextUnit: optional(number),
  partial: optional(listOf(number, 200)),
  remade: optional(number),
  held: optional(boolean),
  units: number,
  unitsAdded: optional(number),
  records: count,
  loaded: number,
  rowsLoaded: count,
  rowsRejected: count,
  rowsToReload: optional(count),
  paused: boolean,
  steered: optional(whole(0, wholeMax)),
  steps: optional(listOf(step, 20)),
  labels: optional(listOf(text(/^/, 'a text'), 1000)),
  queue: optional(text(/^[^\s,\0]{1,200}$/, 'the name of a task queue')),
  alone: optional(fields({ fileNo: number, before: number, threw: boolean, stepNo: number })),
})

const upload = fields({
  name: text(/^[A-Za-z0-9][A-Za-z0-9._ ()+@=,-]{0,199}$/, 'the name of an upload'),
  sha256: text(/^[0-9a-f]{64}$/, 'a SHA-256'),
})

const ingestId = text(/^(?!.*\.retry-)[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'the id of an ingest')

/** What the inputs of activities may have, by the name of the field. */
const activityFields: Record<string, Check> = {
  ingestId: optional(ingestId),
  softMs: optional(duration),
  smallBytesMax: optional(count),
  again: optional(boolean),
  before: optional(number),
  suspect: optional(boolean),
  paused: optional(boolean),
  lotNo: optional(number),
  fileNo: optional(number),
  unitNo: optional(number),
  grow: optional(boolean),
  partBytes: optional(whole(1, wholeMax)),
  part: optional(boolean),
  lotBytesMax: optional(whole(1, wholeMax)),
  stepNo: optional(number),
  files: optional(whole(1, 1000)),
  fileSoftMs: optional(duration),
  beginMs: optional(duration),
  records: optional(count),
  step: optional(anyText),
  after: optional(orNull(anyText)),
  retryId: optional(text(/^retry-\d{1,9}(-[0-9a-f]{8})?$/, 'the id of a retry')),
  upload: optional(orNull(upload)),
  outcome: optional(
    fields({
      state: oneOf('completed', 'failed', 'cancelled'),
      error: orNull(fields({ code: anyText })),
    }),
  ),
}

/** What is wrong with the input of the workflow `ingest`; null when nothing is. */
export const problemOfIngest = (given: unknown, earlier: unknown): string | null =>
  ingest(given, 'input') ?? optional(progress)(earlier, 'progress')

/** What is wrong with the input of the workflow `retryRejects`; null when nothing is. */
export const problemOfRetry = (given: unknown): string | null =>
  fields({
    ingestId,
    retryId: text(/^retry-\d{1,9}(-[0-9a-f]{8})?$/, 'the id of a retry'),
    upload: orNull(upload),
    heartbeatMs: optional(heartbeat),
  })(given, 'input')

/** What is wrong with the input of the workflow `undoIngest`; null when nothing is. */
export const problemOfUndo = (given: unknown): string | null =>
  fields({ ingestId, heartbeatMs: optional(heartbeat) })(given, 'input')

/** What is wrong with the input of an activity; `needs` names fields that must be there. */
export function problemOfInput(given: unknown, needs: readonly string[]): string | null {
  const problem = fields(activityFields)(given, 'input')
  if (problem) return problem
  const missing = needs.find((name) => (given as Record<string, unknown>)[name] === undefined)
  return missing === undefined ? null : `input.${missing} is missing`
}
