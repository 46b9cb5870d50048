/** The signals that ask a process to stop. */
const stops = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** npm passes on a Ctrl-C that we have had from the terminal already. */
const echoMs = 300

/** Calls `onStop` at the first signal, and `onAgain` at every later one that is meant. */
export function onSignals(onStop: (signal: string) => void, onAgain: () => void): () => void {
  let firstMs: number | null = null
  const handle = (signal: string) => {
    if (firstMs === null) {
      firstMs = Date.now()
      onStop(signal)
    } else if (Date.now() - firstMs > echoMs) onAgain()
  }
  for (const signal of stops) process.on(signal, handle)
  return () => {
    for (const signal of stops) process.off(signal, handle)
  }
}

/** Resolves at the first signal; a second one ends the process at once. */
export const untilSignal = (): Promise<string> =>
  new Promise((resolve) => {
    onSignals(resolve, () => process.exit(1))
  })
