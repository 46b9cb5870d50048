/**
 * Starts workflows a few at a time: a thousand requests at once would otherwise share the patience
 * of each, and most of them would have entered an ingest that is never started.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { isGrpcServiceError, ServiceError } from '@temporalio/client'
import { sluiceError } from '../errors.ts'
import { type StartIngest, startIngest } from '../temporal/ingests.ts'
import type { IngestsDeps } from './deps.ts'

const atOnceMax = 16
const startTimeoutMs = 5000
/** A client is told after this long that its ingest waits; the janitor starts it later. */
const ordinaryPatienceMs = 60_000
const againMs = 500

/** A row of those that wait, and of those that may go on. */
class Gate {
  #free = atOnceMax
  readonly #waiting: (() => void)[] = []

  async enter(): Promise<void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }
}

const gates = new WeakMap<object, Gate>()

/**
 * Starts the workflow of an ingest when it is its turn, and once more when the server was too busy.
 * @returns false when it has ended before
 * @throws temporal_unavailable
 */
export async function startInTurn(
  { temporal, attributes, startPatienceMs = ordinaryPatienceMs }: IngestsDeps,
  ingest: Omit<StartIngest, 'attributes'>,
): Promise<boolean> {
  const gate = gates.get(temporal) ?? new Gate()
  gates.set(temporal, gate)
  const untilMs = performance.now() + startPatienceMs
  await gate.enter()
  try {
    for (;;) {
      if (performance.now() > untilMs) throw busy()
      try {
        const deadline = Date.now() + startTimeoutMs
        return await temporal.withDeadline(deadline, () =>
          startIngest(temporal, { ...ingest, attributes }),
        )
      } catch (error) {
        if (!isBusy(error) || performance.now() + againMs > untilMs) throw error
        await sleep(againMs)
      }
    }
  } finally {
    gate.leave()
  }
}

const busy = () =>
  sluiceError('temporal_unavailable', { address: 'the server', problem: 'it has too much to do' })

/** DEADLINE_EXCEEDED and RESOURCE_EXHAUSTED of gRPC: it is there, and does not keep up. */
const busyCodes = [4, 8]

function isBusy(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (isGrpcServiceError(at)) return busyCodes.includes(at.code)
    if (!(at instanceof ServiceError) && at.cause === undefined) return false
  }
  return false
}
