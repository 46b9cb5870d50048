/**
 * Small work on files, done on this thread as long as their disk is quick: the detour over another
 * thread takes longer than the disk, many times so on a busy machine.
 */

/** An average above this is a slow disk; it is asked in the other way for a while. */
const slowMs = 2
const pauseMs = 2000
/** A stall longer than this is a paused process, not a slow disk; it counts as this much. */
const longestMs = 20
const weight = 0.05

let averageMs = 0
let slowUntilMs = 0

/** Up to so many bytes are read like that. */
export const syncBytesMax = 64 * 1024

/** @returns null when the disk was slow a moment ago: then the detour is the better way */
export function inSync<T>(work: () => T): { value: T } | null {
  const startMs = Date.now()
  if (startMs < slowUntilMs) return null
  try {
    return { value: work() }
  } finally {
    const endMs = Date.now()
    averageMs += (Math.min(longestMs, endMs - startMs) - averageMs) * weight
    if (averageMs > slowMs) {
      averageMs = 0
      slowUntilMs = endMs + pauseMs
    }
  }
}
