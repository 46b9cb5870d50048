/** What the workflow must know of a unit that has its receipt. */
import type { Receipt } from '../../src/domain/words.ts'

export interface LoadedUnit extends Receipt {
  /** Units that were added when it was split; none if absent. */
  unitsAdded?: number
}

export const withParts = (receipt: Receipt, { parts }: { parts: number }): LoadedUnit =>
  parts > 0 ? { ...receipt, unitsAdded: parts } : receipt
