/** Rejects that are none of the last word: a wider type of their column may take them. */
import type { Column } from '../../src/domain/columns.ts'
import { canWiden } from '../../src/domain/widen.ts'
import type { Reject } from '../../src/domain/words.ts'
import { invalidValue } from '../../src/postgres/ledger/openRejects.ts'

export function misfitsOfSampled(rejects: readonly Reject[], columns: readonly Column[]): number {
  const sampled = new Set(
    columns.filter((column) => column.sampled && canWiden(column.type)).map(({ name }) => name),
  )
  return rejects.filter(({ code, column }) => code === invalidValue && sampled.has(column ?? ''))
    .length
}
