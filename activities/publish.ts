/** publish: landing → target, in one transaction that also marks the ingest published. */
import { rejectsAllowed } from '../src/domain/limits.ts'
import type { FullSpec, FullTarget } from '../src/domain/spec.ts'
import { parseTableName, showTable, type TableName } from '../src/domain/table.ts'
import type { Counts } from '../src/domain/words.ts'
import { messageOf, sluiceError } from '../src/errors.ts'
import { type Connection, sqlState } from '../src/postgres/db.ts'
import {
  enterPhase,
  type IngestEntry,
  lockIngest,
  mustBeActive,
  recordPublished,
} from '../src/postgres/ingests.ts'
import { landingName } from '../src/postgres/landing.ts'
import { insertAll, renameIntoPlace, swap, truncate } from '../src/postgres/publish.ts'
import { firstReject } from '../src/postgres/rejects.ts'
import { alone } from '../src/postgres/sessions.ts'
import { lockTargetName, readTarget } from '../src/postgres/target.ts'
import { sumReceipts } from '../src/postgres/units.ts'
import { alive, type IngestInput } from './alive.ts'
import type { Deps } from './deps.ts'

export interface PublishInput extends IngestInput {
  /** Data records that staging counted: what a share of rejects is a share of. */
  records: number
}

/** Publishes once: a later attempt finds the ingest published and returns its counts. */
export const publishIngest =
  (deps: Deps) =>
  async (input: PublishInput): Promise<Counts> =>
    alive(deps, input, async (signal) => {
      const { db } = deps
      const { ingestId, records } = input
      await enterPhase(db, ingestId, 'publish')
      return alone(
        db,
        { ingestId, what: 'publish', signal },
        (tx) => lockIngest(tx, ingestId),
        async (tx, entry) => {
          const { missing, ...counts } = await sumReceipts(tx, ingestId)
          if (entry.publishedAt) return counts
          mustBeActive(ingestId, entry)
          await checkRejects(tx, { ingestId, records }, entry.spec, counts)
          checkCounts(counts, missing)
          if (entry.spec.target?.atomic) await moveRows(tx, ingestId, entry, counts)
          await recordPublished(tx, ingestId, counts)
          return counts
        },
      )
    })

/** @throws rejects_over_max, every_row_rejected */
async function checkRejects(
  tx: Connection,
  { ingestId, records }: PublishInput,
  spec: FullSpec,
  { rowsRead, rowsLoaded, rowsRejected }: Counts,
): Promise<void> {
  if (rowsRejected === 0) return
  const allowed = rejectsAllowed(spec.rejects.max, Math.max(rowsRead, records))
  if (allowed !== null && rowsRejected > allowed) {
    const first = await firstReject(tx, ingestId)
    const max = spec.rejects.max ?? allowed
    throw sluiceError('rejects_over_max', { rejected: rowsRejected, read: rowsRead, max, first })
  }
  // A limit that was asked for and is kept speaks for itself, also when nothing is left.
  if (rowsLoaded === 0 && spec.rejects.max === null) {
    const first = await firstReject(tx, ingestId)
    throw sluiceError('every_row_rejected', { rejected: rowsRejected, first })
  }
}

/** @throws count_mismatch */
function checkCounts({ rowsRead, rowsLoaded, rowsRejected }: Counts, missing: number): void {
  if (missing > 0) {
    throw sluiceError('count_mismatch', { problem: `${missing} units have no receipt` })
  }
  if (rowsRead === rowsLoaded + rowsRejected) return
  const problem = `${rowsRead} read, ${rowsLoaded} loaded, ${rowsRejected} rejected`
  throw sluiceError('count_mismatch', { problem })
}

/** @throws target_refused, count_mismatch */
async function moveRows(
  tx: Connection,
  ingestId: string,
  { spec, columns }: IngestEntry,
  counts: Counts,
): Promise<void> {
  const { table, mode } = spec.target as FullTarget
  const target = parseTableName(table)
  const landing = landingName(ingestId, target)
  await lockTargetName(tx, target)
  const there = await readTarget(tx, target, mode)
  if (!there) return renameIntoPlace(tx, landing, target)
  const same = JSON.stringify(there.columns.map(({ name, type }) => [name, type]))
  const ours = JSON.stringify((columns ?? []).map(({ name, type }) => [name, type]))
  if (mode === 'replace') {
    if (there.bare && same === ours) return swap(tx, landing, target)
    await truncate(tx, target).catch(refused(target))
  }
  const filled = new Set((columns ?? []).map(({ name }) => name))
  const list = there.columns.filter(({ name }) => filled.has(name))
  // Files without a record fill no column.
  const rows =
    list.length > 0 ? await insertAll(tx, landing, target, list).catch(refused(target)) : 0
  if (rows !== counts.rowsLoaded) {
    const problem = `${counts.rowsLoaded} rows in the landing table, ${rows} in the target`
    throw sluiceError('count_mismatch', { problem })
  }
}

/** A constraint or a type of the target that the rows do not meet. */
const refused = (target: TableName) => (error: unknown) => {
  if (!/^(22|23|42|44|54|P0)/.test(sqlState(error) ?? '')) throw error
  const { detail } = error as { detail?: string }
  const problem = [messageOf(error), detail].filter(Boolean).join(': ')
  throw sluiceError('target_refused', { table: showTable(target), problem }, { cause: error })
}
