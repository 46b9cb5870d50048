/** Waits for the end of what the API does by itself. */
import { setTimeout as sleep } from 'node:timers/promises'
import { SluiceError } from '../errors.ts'

const againMs = 250
const patienceMs = 120_000

interface Running {
  state: string
  /** Which task queue no living worker serves. */
  waiting: string | null
}

/** Asks again and again, also past a restart of the API. */
export async function untilEnded<View extends Running>(
  asked: View,
  ask: () => Promise<View>,
  { json, signal }: { json: boolean; signal: AbortSignal },
): Promise<View> {
  let view = asked
  let heardMs = performance.now()
  let isTold = false
  while (view.state === 'running') {
    if (view.waiting && !isTold && !json) {
      console.error(`  ${view.waiting}`)
      isTold = true
    }
    await sleep(againMs, null, { signal })
    try {
      view = await ask()
      heardMs = performance.now()
    } catch (error) {
      const isAway = error instanceof SluiceError && error.code === 'api_unavailable'
      if (!isAway || performance.now() - heardMs > patienceMs) throw error
    }
  }
  return view
}
