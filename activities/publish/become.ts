/** The landing table becomes a new target, with the keys and indexes that the spec wants of it. */
import { quoteTable } from '../../src/domain/table.ts'
import type { SluiceError } from '../../src/errors.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { type Sums, sumReceipts } from '../../src/postgres/ledger/units.ts'
import { asLanded } from '../../src/postgres/modes/append.ts'
import { isAboutRow, isRefusal } from '../../src/postgres/sqlState.ts'
import { addKeys, type Keys, keysOf } from '../../src/postgres/target/keys.ts'
import { createTable, dropRowColumn, dropTable } from '../../src/postgres/target/landing.ts'
import { divide, renameIntoPlace } from '../../src/postgres/target/publish.ts'
import { noteWriters, noteWritten } from '../../src/postgres/undo/written.ts'
import type { FullTarget } from '../../src/spec/target.ts'
import type { Attempt } from '../attempt/attempt.ts'
import { countsOf } from './counts.ts'
import type { Filling, Publishing } from './filling.ts'
import { judgeLanding } from './judge.ts'
import { overLimit } from './limit.ts'
import { refused } from './refused.ts'

type Becoming = Pick<Filling, 'entry' | 'loaded' | 'target' | 'landing'>

/**
 * Indexes are built once, over all rows. Where a row breaks the key, all that do so are found, become
 * rejects as in a table that is there, and the key is built over the others.
 * @returns what is loaded then; an error when too many rows are rejects, and nothing was published
 * @throws target_refused
 */
export async function becomeTarget(
  attempt: Attempt,
  tx: Connection,
  input: Publishing,
  { loaded: before, ...becoming }: Becoming,
): Promise<Sums | SluiceError> {
  const { entry, target } = becoming
  const keys = keysOf(entry.spec.target as FullTarget, entry.columns ?? [])
  let loaded = before
  if (keys === null) {
    await become(tx, input, { ...becoming, keys })
    return before
  }
  for (;;) {
    const refusal = await tryToBecome(tx, input, { ...becoming, keys })
    if (refusal === null) return loaded
    const marked = entry.traced ? await judgeKeys(attempt, tx, input, { ...becoming, keys }) : 0
    if (marked === 0) throw refused(target, refusal)
    loaded = await sumReceipts(tx, input.ingestId)
    const over = await overLimit(tx, input, entry, countsOf(loaded))
    if (over) return over
  }
}

type Keyed = Omit<Becoming, 'loaded'> & { keys: Keys | null }

/** @returns what a row was refused for; then nothing was done */
async function tryToBecome(tx: Connection, input: Publishing, keyed: Keyed): Promise<unknown> {
  const { target } = keyed
  await tx.query('savepoint become')
  try {
    await become(tx, input, keyed)
    await tx.query('release savepoint become')
    return null
  } catch (error) {
    if (!isRefusal(error)) throw error
    await tx.query('rollback to savepoint become')
    if (!isAboutRow(error)) throw refused(target, error)
    return error
  }
}

async function become(
  tx: Connection,
  { ingestId }: Publishing,
  { entry, target, landing, keys }: Keyed,
): Promise<void> {
  if (entry.traced) await dropRowColumn(tx, landing)
  const undo = entry.spec.target?.undo ?? false
  if (keys?.partition) {
    await divide(tx, { landing, target, partition: keys.partition })
    if (undo) await noteWritten(tx, ingestId)
  } else {
    if (undo) await noteWriters(tx, ingestId, quoteTable(landing))
    await renameIntoPlace(tx, landing, target)
  }
  if (keys) await addKeys(tx, target, keys, needed(entry))
}

const needed = ({ columns }: Filling['entry']): string[] =>
  (columns ?? []).filter(({ notNull }) => notNull).map(({ name }) => name)

/** An empty table in the place of the target has the key for as long as it is asked what it refuses. */
async function judgeKeys(
  attempt: Attempt,
  tx: Connection,
  { ingestId }: Publishing,
  { entry, target, landing, keys }: Keyed & { keys: Keys },
): Promise<number> {
  await createTable(tx, target, entry.columns ?? [], { landing: false })
  await addKeys(tx, target, { ...keys, indexes: [] })
  const marked = await judgeLanding(attempt, tx, ingestId, { ...entry, judged: asLanded(landing) })
  await dropTable(tx, target)
  return marked
}
