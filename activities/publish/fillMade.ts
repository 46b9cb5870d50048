/** A target that is not there, for a mode that finds rows by a key: it is made with that key. */
import type { Column } from '../../src/domain/columns.ts'
import type { TableName } from '../../src/domain/table.ts'
import { type SluiceError, sluiceError } from '../../src/errors.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { modes } from '../../src/postgres/modes/index.ts'
import { isRefusal } from '../../src/postgres/sqlState.ts'
import { createTable, dropTable } from '../../src/postgres/target/landing.ts'
import { readTarget } from '../../src/postgres/target/target.ts'
import type { TargetTable } from '../../src/postgres/target/targetTable.ts'
import type { FullTarget } from '../../src/spec/target.ts'
import type { Attempt } from '../attempt/attempt.ts'
import { storedColumns } from '../plan/keyed.ts'
import type { Filling, Moved, Publishing } from './filling.ts'
import { fillKept } from './fillKept.ts'
import { refused } from './refused.ts'

/** @returns an error when there are too many rejects: they are kept, and the table is not there */
export async function fillMade(
  attempt: Attempt,
  tx: Connection,
  input: Publishing,
  filling: Omit<Filling, 'there' | 'list'>,
): Promise<Moved | SluiceError> {
  const { entry, target } = filling
  const into = entry.spec.target as FullTarget
  const there = await makeKeyed(tx, target, { columns: entry.columns ?? [], into })
  const list = there.columns.filter(({ name }) => isLanded(entry, name))
  const moved = await fillKept(attempt, tx, input, { ...filling, there, list, made: true })
  if (moved instanceof Error) await dropTable(tx, target)
  return moved
}

const isLanded = ({ columns }: Filling['entry'], name: string): boolean =>
  (columns ?? []).some((column) => column.name === name)

/** @throws target_refused for a key that no index can be made of */
async function makeKeyed(
  tx: Connection,
  target: TableName,
  { columns, into }: { columns: readonly Column[]; into: FullTarget },
): Promise<TargetTable> {
  try {
    await createTable(tx, target, storedColumns(columns, into), { landing: false })
    await modes[into.mode].addKey?.(tx, target, into)
  } catch (error) {
    throw isRefusal(error) ? refused(target, error) : error
  }
  const made = await readTarget(tx, target, into)
  if (!made) throw sluiceError('count_mismatch', { problem: 'the table that was made is gone' })
  return made
}
