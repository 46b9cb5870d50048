/**
 * Counts what `ragged` does to rows: text that is dropped behind the last column, and fields that
 * are filled with NULL.
 */
import type { Trimmed } from './words.ts'

/** What `ragged` does to one row. */
export interface Ragged {
  /** How long each text is that is dropped behind the last column. */
  dropped: number[]
  /** It has fewer fields than there are columns. */
  isPadded: boolean
}

/** More fields of one row count as the last of these. */
const fieldsMax = 50

export class TrimCount {
  rows: number
  /** Rows with fewer fields than columns. */
  padded: number
  readonly #fields: Record<string, number>

  /** @param before what is counted already */
  constructor(before: Trimmed | null = null) {
    this.rows = before?.rows ?? 0
    this.padded = before?.padded ?? 0
    this.#fields = { ...before?.fields }
  }

  /** The same for a whole row. */
  countRow({ dropped, isPadded }: Ragged, width: number, by: 1 | -1): void {
    if (isPadded) this.padded += by
    this.count(dropped, width, by)
  }

  /**
   * @param dropped how long each field is behind the last column, of which there are `width`
   * @param by -1 for a record that has become a reject after all: nothing of that is lost
   */
  count(dropped: readonly number[], width: number, by: 1 | -1): void {
    const full = dropped.flatMap((size, at) => (size > 0 ? [Math.min(at, fieldsMax)] : []))
    if (full.length > 0) this.rows += by
    for (const at of full) {
      const field = String(width + at + 1)
      this.#fields[field] = (this.#fields[field] ?? 0) + by
    }
  }

  /** null when rows are as they were in the file. */
  total(): Trimmed | null {
    if (this.rows <= 0 && this.padded <= 0) return null
    const fields = Object.entries(this.#fields).filter(([, rows]) => rows > 0)
    return {
      rows: Math.max(0, this.rows),
      fields: Object.fromEntries(fields),
      ...(this.padded > 0 && { padded: this.padded }),
    }
  }
}
