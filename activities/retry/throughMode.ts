/** Rejects of an ingest whose mode finds rows by a key go through that mode, record by record. */
import type { Changes } from '../../src/domain/counts.ts'
import { quoteTable, type TableName } from '../../src/domain/table.ts'
import { rejectReason } from '../../src/errors/rejects.ts'
import type { Records, Refused } from '../../src/postgres/copy/copyAround.ts'
import { copyEach } from '../../src/postgres/copy/copyEach.ts'
import { type Connection, refusalOf } from '../../src/postgres/db.ts'
import { addChanges } from '../../src/postgres/ledger/ingests.ts'
import { modes } from '../../src/postgres/modes/index.ts'
import type { Filling, Mode } from '../../src/postgres/modes/mode.ts'
import { landingName } from '../../src/postgres/names.ts'
import { isAboutRow } from '../../src/postgres/sqlState.ts'
import { createLike, dropTable, numberAsNoUnit } from '../../src/postgres/target/landing.ts'
import { whyLost } from '../../src/postgres/target/lost.ts'
import type { TargetTable } from '../../src/postgres/target/targetTable.ts'
import { createMarks, onlyMark, skipped, superseded } from '../../src/postgres/target/violations.ts'
import { type KeepAgain, keepAgain } from '../../src/postgres/undo/keepAgain.ts'
import type { ModeSpec } from '../../src/spec/modes.ts'

interface Through {
  ingestId: string
  into: ModeSpec
  target: TableName
  there: TargetTable
  /** Those of the target, and one that only marks rows. */
  columns: TargetTable['columns']
}

const none: Changes = { rowsInserted: 0, rowsUpdated: 0, rowsUnchanged: 0, rowsDeleted: 0 }

/** The way of a retry through a mode; `end` records what became of the rows of the target. */
export interface Way {
  /** @returns those that are refused; the others are in the target */
  take(fields: readonly string[], records: Records): Promise<Refused[]>
  end(): Promise<void>
}

export async function throughMode(tx: Connection, through: Through): Promise<Way> {
  const { ingestId, into, target, there, columns } = through
  const mode = modes[into.mode]
  const landing = landingName(ingestId, target)
  const writable = columns.filter(({ generated }) => !generated)
  await dropTable(tx, landing)
  await createLike(tx, landing, writable, { traced: true })
  await numberAsNoUnit(tx)
  const again = into.undo ? await keepAgain(tx, ingestId, target) : null
  let changes = none
  const one = async (fields: readonly string[], record: Records): Promise<Why | null> => {
    const table = quoteTable(landing)
    const [refused] = await copyEach(tx, { table, columns, fields }, record)
    if (refused) return refused
    const filled = there.columns.filter(({ name }) => fields.includes(name))
    const filling = { ingestId, into, target, landing, there, columns: filled }
    const done = await oneRow(tx, mode, { filling, again })
    await tx.query(`delete from ${table}`)
    if ('error' in done) return done
    changes = sum(changes, done)
    return null
  }
  return {
    async take(fields, { bytes, ends }) {
      const all: Refused[] = []
      for (const [index, end] of ends.entries()) {
        const start = ends[index - 1] ?? 0
        const record = { bytes: bytes.subarray(start, end), ends: [end - start] }
        const why = await one(fields, record)
        if (why) all.push({ ...why, index })
      }
      return all
    },
    async end() {
      await addChanges(tx, ingestId, changes)
      await dropTable(tx, landing)
    },
  }
}

type Why = Omit<Refused, 'index'>

/** @returns what it did to the target, or why it did nothing */
async function oneRow(
  tx: Connection,
  mode: Mode,
  { filling, again }: { filling: Filling; again: KeepAgain | null },
): Promise<Changes | Why> {
  await tx.query('savepoint one_row')
  try {
    await createMarks(tx)
    const marked = await mode.settle(tx, filling)
    if (marked > 0) return whyOf(await onlyMark(tx))
    const kept = again && { keep: again.keep }
    const { rows, changes } = await mode.fill(tx, { ...filling, ...kept })
    if (rows !== 1) throw await whyLost(tx, quoteTable(filling.target), { sent: 1, arrived: rows })
    await again?.take()
    return changes ?? none
  } catch (error) {
    if (!isAboutRow(error)) throw error
    await tx.query('rollback to savepoint one_row')
    return refusalOf(error)
  } finally {
    await tx.query('release savepoint one_row').catch(() => {})
  }
}

function whyOf({ code, column, error }: Pick<Why, 'code' | 'column' | 'error'>): Why {
  const others: Record<string, Pick<Why, 'code' | 'error'>> = {
    [superseded]: rejectReason('row_superseded', {}),
    [skipped]: { code: '23505', error: 'the table has a row with this key already' },
  }
  return { column, constraint: null, ...(others[code ?? ''] ?? { code, error }) }
}

const sum = (one: Changes, other: Changes): Changes => ({
  rowsInserted: one.rowsInserted + other.rowsInserted,
  rowsUpdated: one.rowsUpdated + other.rowsUpdated,
  rowsUnchanged: one.rowsUnchanged + other.rowsUnchanged,
  rowsDeleted: one.rowsDeleted + other.rowsDeleted,
})
