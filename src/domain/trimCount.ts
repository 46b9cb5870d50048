/** Counts the text that is dropped behind the last column, where `ragged` says `trim` or `fit`. */
import type { Trimmed } from './words.ts'

/** More fields of one row count as the last of these. */
const fieldsMax = 50

export class TrimCount {
  rows: number
  readonly #fields: Record<string, number>

  /** @param before what is counted already */
  constructor(before: Trimmed | null = null) {
    this.rows = before?.rows ?? 0
    this.#fields = { ...before?.fields }
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

  /** null when nothing was dropped. */
  total(): Trimmed | null {
    if (this.rows <= 0) return null
    const fields = Object.entries(this.#fields).filter(([, rows]) => rows > 0)
    return { rows: this.rows, fields: Object.fromEntries(fields) }
  }
}
