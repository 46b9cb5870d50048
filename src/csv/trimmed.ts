/** Counts the text that is dropped behind the last column, where `ragged` says `trim` or `fit`. */
import type { Trimmed } from '../domain/words.ts'

/** More fields of one row count as the last of these. */
const fieldsMax = 50

export class TrimCount {
  rows = 0
  readonly #fields: Record<string, number> = {}

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
    return this.rows > 0 ? { rows: this.rows, fields: this.#fields } : null
  }
}
