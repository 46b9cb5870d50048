/** The lines that `up` prints: one for each step, with its time. */
import { colors } from '../../colors.ts'
import { duration } from '../../text.ts'

/** Runs a step, and prints what it says of itself, or that it failed. */
export async function step<T>(
  name: string,
  work: () => Promise<T>,
  tellOf: (result: T) => { what: string; notes?: readonly string[] },
): Promise<T> {
  const startMs = performance.now()
  const took = () => colors.dim(duration(performance.now() - startMs))
  try {
    const result = await work()
    const { what, notes = [] } = tellOf(result)
    console.log(`${colors.green('✓')} ${what}  ${took()}`)
    for (const note of notes) console.log(`  ${colors.dim(note)}`)
    return result
  } catch (error) {
    console.log(`${colors.red('✗')} ${name}  ${took()}`)
    throw error
  }
}

/**
 * Waits for all of them, also when one fails, so that whatever started can be stopped.
 * @param giveUp tells the others when one has failed
 */
export async function settle<T extends readonly unknown[] | []>(
  works: T,
  giveUp: () => void,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  try {
    return await Promise.all(works)
  } catch (error) {
    giveUp()
    await Promise.allSettled(works)
    throw error
  }
}
