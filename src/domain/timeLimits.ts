/**
 * Time limits of the verbs, soft and hard.
 *
 * At the soft one the work is called off in order, by its signal. At the hard one the server gives
 * up on the attempt, whatever it does, and hands the work to another worker.
 */
import { type Static, Type } from 'typebox'

const unitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

const limitMsMin = 1000
const hardMsMax = 30 * unitsMs.d
/** Node's timers do not reach further than 24.8 days: past that they fire at once. */
export const timerMsMax = 2 ** 31 - 1
const softMsMax = 24 * unitsMs.d

const description =
  'A text like "30s", "10m", "2h" or "1.5d", or a number of milliseconds, from 1 s to 30 days.'

const integer = Type.Integer({ description })
const text = Type.String({ pattern: '^\\d{1,10}(\\.\\d{1,3})? ?(ms|s|m|h|d)$', description })
const Duration = Type.Union([integer, text], { description })

const verbs = ['list', 'stage', 'step', 'plan', 'load', 'publish'] as const
/** The verbs that can have a limit. A sweep must not give up. */
export type LimitedVerb = (typeof verbs)[number]

const softAndHard = Type.Object(
  { soft: Type.Optional(Duration), hard: Type.Optional(Duration) },
  { additionalProperties: false, description: '{soft, hard}, or one of them.' },
)

// The union has no description of its own: what is wrong is told of the branch that was meant.
const limit = Type.Optional(Type.Union([integer, text, softAndHard]))

export const TimeLimits = Type.Object(
  { list: limit, stage: limit, step: limit, plan: limit, load: limit, publish: limit },
  {
    additionalProperties: false,
    description: 'The limit of one attempt: a duration, which is the hard limit, or {soft, hard}.',
  },
)
export type TimeLimits = Static<typeof TimeLimits>

/** In milliseconds; a verb has no limit of its own where one is absent. */
export interface Limits {
  softMs?: number
  hardMs?: number
}

/** Numbers only: it goes into the argument of a workflow. */
export type LimitsByVerb = { [V in LimitedVerb]?: Limits }

/**
 * Reads durations, and gives a hard limit without a soft one its soft one: a tenth before it, and
 * at least a second. Below 2 s there is no room for one.
 * @throws what `refuse` makes of the first problem; `at` is a JSON pointer from the limits on
 */
export function normalLimits(
  limits: TimeLimits,
  refuse: (at: string, problem: string) => Error,
): LimitsByVerb {
  const normal: LimitsByVerb = {}
  for (const verb of verbs) {
    const given = limits[verb]
    if (given === undefined) continue
    const read = normalLimit(given, (at, problem) => refuse(`/${verb}${at}`, problem))
    if (Object.keys(read).length > 0) normal[verb] = read
  }
  return normal
}

function normalLimit(
  given: NonNullable<TimeLimits[LimitedVerb]>,
  refuse: (at: string, problem: string) => Error,
): Limits {
  const isPair = typeof given === 'object'
  const { soft, hard } = isPair ? given : { hard: given }
  const read = (duration: number | string | undefined, at: string) => {
    const ms = duration === undefined ? null : parseDuration(duration)
    if (ms === null || (ms >= limitMsMin && ms <= hardMsMax)) return ms
    const shown = typeof duration === 'number' ? `${duration} ms` : duration
    throw refuse(isPair ? at : '', `${shown} is not from 1 s to 30 days`)
  }
  const softMs = read(soft, '/soft')
  const hardMs = read(hard, '/hard')
  if (softMs !== null && softMs > softMsMax) {
    throw refuse('/soft', `${soft} is more than the 24 days that a soft limit can have`)
  }
  if (softMs !== null && hardMs !== null && softMs >= hardMs) {
    throw refuse('/soft', `the soft limit (${soft}) must be below the hard one (${hard})`)
  }
  const early = softMs ?? softOf(hardMs)
  return { ...(early !== null && { softMs: early }), ...(hardMs !== null && { hardMs }) }
}

function softOf(hardMs: number | null): number | null {
  if (hardMs === null || hardMs - 1000 < limitMsMin) return null
  return Math.min(Math.floor(hardMs * 0.9), hardMs - 1000, softMsMax)
}

/** In milliseconds. The schema has seen to the form. */
export function parseDuration(duration: number | string): number {
  if (typeof duration === 'number') return duration
  const [, amount, unit] = /^([\d.]+) ?([a-z]+)$/.exec(duration) ?? []
  return Math.round(Number(amount) * (unitsMs[unit as keyof typeof unitsMs] ?? Number.NaN))
}
