/** What a command does when it is asked to stop. */
import { echoMs, exitCodeOf, type Stop, stops } from '../signals.ts'

/** What is under way has this long to end after a signal. */
const patienceMs = 5000

/** Calls `onStop` at the first signal, and `onAgain` at every later one that is meant. */
export function onSignals(
  onStop: (signal: Stop) => void,
  onAgain: (code: number) => void,
): () => void {
  let firstMs: number | null = null
  const handle = (signal: Stop) => {
    if (firstMs === null) {
      firstMs = performance.now()
      onStop(signal)
    } else if (performance.now() - firstMs > echoMs) onAgain(exitCodeOf(signal))
  }
  for (const signal of stops) process.on(signal, handle)
  return () => {
    for (const signal of stops) process.off(signal, handle)
  }
}

/** Resolves at the first signal; a second one ends the process at once. */
export const untilSignal = (): Promise<string> =>
  new Promise((resolve) => {
    onSignals(resolve, (code) => process.exit(code))
  })

/** A signal ended what a command was waiting for. */
export class Interrupted extends Error {
  readonly exitCode: number
  /** What goes on without the command, and how to follow or end it. */
  readonly words: string

  constructor(signal: Stop, words: string) {
    super(signal)
    this.exitCode = exitCodeOf(signal)
    this.words = words
  }
}

/**
 * Runs what a person may not want to wait for. The first signal calls it off, the next one ends the
 * process at once.
 * @param words what to say when it is called off, at that moment
 * @throws Interrupted
 */
export async function interruptible<T>(
  words: () => string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stopping = new AbortController()
  const end = (code: number) => {
    console.error(words())
    process.exit(code)
  }
  let overdue: NodeJS.Timeout | undefined
  const off = onSignals((signal) => {
    overdue = setTimeout(() => end(exitCodeOf(signal)), patienceMs).unref()
    stopping.abort(signal)
  }, end)
  try {
    return await work(stopping.signal)
  } catch (error) {
    const { aborted, reason } = stopping.signal
    throw aborted ? new Interrupted(reason, words()) : error
  } finally {
    clearTimeout(overdue)
    off()
  }
}
