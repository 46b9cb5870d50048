/**
 * retry: rejects of an ingest that was published → its target, exactly once.
 *
 * One transaction that only one attempt can be in: it locks the ingest, sends open rejects through
 * COPY, corrects receipts and rejects, and leaves a receipt of its own. A second attempt finds that
 * one and returns it, or finds nothing and starts clean.
 */
import type { Column } from '../src/domain/columns.ts'
import type { Retried, RetryInput } from '../src/domain/retry.ts'
import { parseTableName, quoteTable, showTable } from '../src/domain/table.ts'
import { sluiceError } from '../src/errors.ts'
import type { Connection } from '../src/postgres/db.ts'
import type { IngestEntry } from '../src/postgres/ledger/ingests.ts'
import {
  correctReceipts,
  countOpen,
  markLoaded,
  openPages,
  updateRefused,
} from '../src/postgres/ledger/openRejects.ts'
import {
  columnsOfOpen,
  mustBeRetryable,
  readRetry,
  recordRetry,
} from '../src/postgres/ledger/retries.ts'
import { sumReceipts } from '../src/postgres/ledger/units.ts'
import { modes } from '../src/postgres/modes/index.ts'
import { mustNotBeNumbered } from '../src/postgres/target/sequence.ts'
import { lockTargetName, readTarget } from '../src/postgres/target/target.ts'
import { asTarget } from '../src/postgres/target/targetTable.ts'
import type { FullTarget } from '../src/spec/target.ts'
import { transformOf } from '../src/spec/transform.ts'
import type { Attempt, Limited } from './attempt/attempt.ts'
import { underLock } from './attempt/underLock.ts'
import { noteLikely } from './publish/likely.ts'
import { noteTrimmed } from './publish/trimmed.ts'
import { correctedPages } from './retry/corrected.ts'
import { type Attempted, reload } from './retry/reload.ts'
import { throughMode } from './retry/throughMode.ts'
import { throughTransform } from './retry/transformed.ts'

export async function retryRejects(
  attempt: Attempt,
  order: RetryInput & Limited,
): Promise<Retried> {
  const { ingestId, retryId } = order
  return underLock(attempt, { ingestId, what: retryId }, async (tx, entry) => {
    const done = await readRetry(tx, order)
    return done ? countsOf(done) : retry(attempt, tx, order, entry)
  })
}

const countsOf = ({ rowsTried, rowsLoaded, rowsRejected, rowsOpen }: Retried): Retried => ({
  rowsTried,
  rowsLoaded,
  rowsRejected,
  rowsOpen,
})

async function retry(
  attempt: Attempt,
  tx: Connection,
  order: RetryInput,
  entry: IngestEntry,
): Promise<Retried> {
  const { ingestId, upload } = order
  const startMs = performance.now()
  mustBeRetryable(ingestId, { ...entry, open: await countOpen(tx, ingestId) })
  const into = await findTarget(tx, ingestId, entry)
  const { load, filled, end } = await into.open()
  // What would be judged at the commit is judged row by row.
  await tx.query('set constraints all immediate')
  const pages = upload ? correctedPages(attempt, tx, { ...order, upload }) : asTheyAre(tx, ingestId)
  let rowsLoaded = 0
  let rowsRejected = 0
  for await (const page of pages) {
    const { loaded, refused } = await load(page)
    await mustNotBeNumbered(tx, into.table, { refused, filled })
    await markLoaded(tx, order.retryId, loaded)
    await correctReceipts(tx, ingestId, loaded)
    await updateRefused(tx, order.retryId, refused)
    rowsLoaded += loaded.length
    rowsRejected += refused.length
  }
  await end()
  await noteTrimmed(tx, ingestId, await sumReceipts(tx, ingestId))
  const rowsOpen = await countOpen(tx, ingestId)
  await noteLikely(tx, ingestId, entry, rowsOpen)
  const retried = { rowsTried: rowsLoaded + rowsRejected, rowsLoaded, rowsRejected, rowsOpen }
  const { worker, attemptNo } = attempt
  const tookMs = performance.now() - startMs
  await recordRetry(tx, order, retried, { worker, attempt: attemptNo, tookMs })
  return retried
}

async function* asTheyAre(tx: Connection, ingestId: string): AsyncGenerator<Attempted[]> {
  for await (const page of openPages(tx, ingestId)) {
    yield page.map((reject) => ({ reject, raw: reject.raw }))
  }
}

/** @throws target_changed */
async function findTarget(tx: Connection, ingestId: string, { spec, columns }: IngestEntry) {
  const name = parseTableName(spec.target?.table ?? '')
  const changed = (problem: string) =>
    sluiceError('target_changed', { ingestId, table: showTable(name), problem })
  await lockTargetName(tx, name)
  const target = await readTarget(tx, name, { mode: 'append' })
  if (!target) throw changed('it does not exist any more')
  const writtenFor = spec.target?.undo ? ingestId : null
  const table = quoteTable(name)
  const sql = transformOf(spec.target)
  if (sql !== null) {
    const { columns: there } = target
    const through = { sql, ingestId, table, columns: columns ?? [], there, writtenFor }
    return { table, open: () => throughTransform(tx, through) }
  }
  const markers = (columns ?? []).filter(({ marker }) => marker).map(asTarget)
  const there = [...target.columns, ...markers]
  const writable = new Set(there.filter(({ generated }) => !generated).map((column) => column.name))
  const gone = (await columnsOfOpen(tx, ingestId)).filter((column) => !writable.has(column))
  if (gone.length > 0) {
    throw changed(`it has no columns any more that the rows fill: ${gone.slice(0, 20).join(', ')}`)
  }
  const known = new Map((columns ?? []).map((column) => [column.name, column.nullWords]))
  const withWords = there.map((column): Column => {
    const nullWords = known.get(column.name)
    return nullWords ? { ...column, nullWords } : column
  })
  const into = spec.target as FullTarget
  const way = modes[into.mode].isKeyed
    ? await throughMode(tx, { ingestId, into, target: name, there: target, columns: there })
    : null
  const to = { ingestId, table, columns: withWords, writtenFor, way }
  const open = async () => ({
    load: (page: readonly Attempted[]) => reload(tx, to, page),
    filled: await columnsOfOpen(tx, ingestId),
    end: async () => way?.end(),
  })
  return { table, open }
}
