/** The target as publish finds it: still what the plan relied on, and locked so that it stays so. */

import { plural } from '../../src/domain/plural.ts'
import { parseTableName, showTable, type TableName } from '../../src/domain/table.ts'
import { noteOf } from '../../src/errors/notes.ts'
import { SluiceError } from '../../src/errors.ts'
import type { Connection } from '../../src/postgres/db.ts'
import type { IngestEntry } from '../../src/postgres/ledger/ingests.ts'
import { addNotes } from '../../src/postgres/ledger/notes.ts'
import { isOfMissingTable } from '../../src/postgres/sqlState.ts'
import {
  lockTarget,
  mustBeAsPlanned,
  type Planned,
  replacedSince,
  targetChanged,
} from '../../src/postgres/target/relied.ts'
import { readTarget } from '../../src/postgres/target/target.ts'
import type { TargetTable } from '../../src/postgres/target/targetTable.ts'
import { keptNames, type ModeSpec } from '../../src/spec/modes.ts'
import type { FullTarget } from '../../src/spec/target.ts'

export const plannedOf = (
  ingestId: string,
  { spec, relied, columns }: Pick<IngestEntry, 'spec' | 'relied' | 'columns'>,
): Planned => ({
  ingestId,
  table: parseTableName((spec.target as FullTarget).table),
  relied,
  columns: (columns ?? []).filter(({ marker }) => !marker),
  kept: keptNames(spec.target as FullTarget),
})

/**
 * Locks the target before it is read, so that what is read stays so until the commit.
 * @returns null when there is no such table: the landing table may have its name
 * @throws target_changed
 */
export async function lockPlanned(
  tx: Connection,
  planned: Planned,
  into: ModeSpec,
): Promise<TargetTable | null> {
  const { ingestId, table, relied } = planned
  // Most often there is still none, and nothing to lock: no other publish makes one meanwhile.
  if (relied === null && (await readPlanned(tx, planned, into)) === null) return null
  const isLocked = await lockOrTellWhy(tx, planned, into)
  const there = await readPlanned(tx, planned, into)
  if (there && !isLocked) throw targetChanged(planned, 'another table has taken its name')
  if (!there) {
    const note = noteOf('target_made_anew', { table: showTable(table) })
    if (relied) await addNotes(tx, ingestId, [note])
    return null
  }
  await mustBeAsPlanned(tx, planned)
  return there
}

/**
 * A lock that is refused says little of the reason: rights that are gone, or no table any more.
 * @returns whether there is something of that name
 * @throws target_changed
 */
async function lockOrTellWhy(tx: Connection, planned: Planned, into: ModeSpec): Promise<boolean> {
  const refusal = await lockTarget(tx, planned.table, into.mode)
  if (refusal === null) return true
  if (isOfMissingTable(refusal)) return false
  await readPlanned(tx, planned, into)
  throw refusal
}

/** The table that the plan could write to must not be a view now, or owned by another role. */
async function readPlanned(
  tx: Connection,
  planned: Planned,
  into: ModeSpec,
): Promise<TargetTable | null> {
  const { table } = planned
  try {
    return await readTarget(tx, table, into)
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error
    throw targetChanged(planned, problemIn(error, table), error)
  }
}

const problemIn = ({ message }: SluiceError, table: TableName): string =>
  message.replace(`The target ${showTable(table)} `, 'it ')

/**
 * Rows that went straight into the target are there as long as it is: neither the table nor what is in
 * it must have been taken away behind them.
 * @throws target_changed
 */
export async function mustStand(tx: Connection, planned: Planned): Promise<void> {
  if (!(await lockOrTellWhy(tx, planned, { mode: 'append' }))) {
    throw targetChanged(planned, 'it does not exist any more')
  }
  await mustBeAsPlanned(tx, planned)
  const lost = await replacedSince(tx, planned)
  if (!lost) return
  const rows = plural(lost.rows, 'row')
  const problem = `ingest ${lost.by} has replaced all that it held, with ${rows} of this one`
  throw targetChanged(planned, problem)
}
