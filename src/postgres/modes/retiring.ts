/** Rows that are gone, and stay in the table: by a mark, or by the end of their period. */
import type { ModeSpec } from '../../spec/modes.ts'
import type { TargetTable } from '../target/targetTable.ts'
import { columnsIn } from './history/columns.ts'
import { softOf } from './soft.ts'

export interface Retiring {
  /** As SQL: a row of the table with that alias is gone already. */
  isGone(alias: string): string
  /** As SQL: what is set in a row, `t`, that goes. */
  set: string
}

/** @returns null for a mode that deletes them */
export function retiringOf(into: ModeSpec, there: Pick<TargetTable, 'columns'>): Retiring | null {
  if (into.mode === 'history') {
    const { from, to, current, now } = columnsIn(into, there)
    return {
      isGone: (alias) => `${alias}.${current} is not true`,
      set: `${to} = greatest(${now}, t.${from}), ${current} = false`,
    }
  }
  const soft = softOf(into, there)
  return soft && { isGone: soft.isDeleted, set: `${soft.column} = ${soft.deleted}` }
}
