/** Errors after which a verb is tried again in another way than their kind says. */
import { SluiceError } from '../../src/errors.ts'
import { databaseError, isOfDatabase } from '../../src/postgres/db.ts'

/** Is always tried again. */
export class RetryError extends SluiceError {
  /** When; null leaves that to the retry policy. */
  readonly afterMs: number | null

  constructor(error: SluiceError, afterMs: number | null = null) {
    super(error, { cause: error.cause })
    this.afterMs = afterMs
  }

  override get retryable(): boolean {
    return true
  }
}

/**
 * Runs work that ends an ingest, and never gives up. What the database refuses now it takes once an
 * administrator has mended it; until then the attempt says what is wrong.
 */
export async function untilTaken<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw isOfDatabase(error) ? new RetryError(databaseError(error)) : error
  }
}

/** The disk is full. Space becomes free again, so such an attempt is retried without a limit. */
export function isOfFullDisk(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'stage_full'
}
