/** What the cells of a column are, for the types of new tables: as their file has them. */
import type { FieldFacts, KindOrWord, Tally } from '../../../domain/types.ts'
import { isNullWord } from '../../nullWords.ts'
import { numberKind } from '../../plainKinds.ts'
import type { Cell } from './cells.ts'

/** How much of a first value is kept: enough to recognise it. */
const valueChars = 40

export class CellKinds {
  readonly #fields: Map<KindOrWord, { count: number; line: number; value: string }>[]

  constructor(width: number) {
    this.#fields = Array.from({ length: width }, () => new Map())
  }

  /** @param cells from the first column on */
  add(cells: readonly Cell[], line: number): void {
    for (const [at, tallies] of this.#fields.entries()) {
      const cell = cells[at]
      const kind = cell ? kindOf(cell) : null
      if (!cell || kind === null) continue
      const tally = tallies.get(kind)
      if (tally) tally.count++
      else tallies.set(kind, { count: 1, line, value: cell.text.slice(0, valueChars) })
    }
  }

  facts(): FieldFacts[] {
    return this.#fields.map((tallies) => ({
      tallies: [...tallies].map(
        ([kind, { count, line, value }]): Tally => [kind, count, line, value],
      ),
    }))
  }
}

/** @returns null for a cell without a value: an error is a reject, or NULL */
function kindOf({ kind, text }: Cell): KindOrWord | null {
  switch (kind) {
    case 'null':
    case 'error':
      return null
    case 'number':
      return kindOfNumber(text)
    case 'boolean':
    case 'date':
      // A day that never was is a text.
      return text === '1900-02-29' ? 'text' : kind
    case 'timestamp':
      return text.startsWith('1900-02-29') ? 'text' : 'stamp'
    case 'time':
      return 'text'
    default:
      return isNullWord(text.trim()) ? `=${text.trim()}` : 'text'
  }
}

/** A cell says that it is a number, so `1E5` is no code. */
function kindOfNumber(text: string): KindOrWord {
  const kind = numberKind(text)
  return kind === 'code' ? 'science' : (kind ?? 'text')
}
