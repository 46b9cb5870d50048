/** publishTargets: the parts of an ingest, in one transaction: all of them, or none. */
import { sumCounts } from '../src/domain/counts.ts'
import { parseTableName, quoteTable } from '../src/domain/table.ts'
import type { Counts } from '../src/domain/words.ts'
import { SluiceError } from '../src/errors.ts'
import type { Connection } from '../src/postgres/db.ts'
import { enterPhase, mustBeActive } from '../src/postgres/ledger/ingests.ts'
import { type LockedPart, lockParts, recordParts } from '../src/postgres/ledger/parts.ts'
import { sumPlan } from '../src/postgres/ledger/units.ts'
import { publishOrder } from '../src/postgres/target/order.ts'
import { lockTargetName } from '../src/postgres/target/target.ts'
import { type Attempt, mustNotBePaused, type VerbInput } from './attempt/attempt.ts'
import { underLock } from './attempt/underLock.ts'
import { publishedCounts } from './publish/counts.ts'
import { takeBackEmptied } from './publish/emptied.ts'
import { publishIn } from './publish.ts'

/** PostgreSQL has emptied landing tables: nothing was published, and these are to be loaded again. */
export interface EmptiedTargets {
  emptied: string[]
}

/** Publishes once: a later attempt finds them published, and returns their counts. */
export async function publishTargets(
  attempt: Attempt,
  input: VerbInput,
): Promise<Counts | EmptiedTargets> {
  const { db } = attempt
  const { ingestId } = input
  await enterPhase(db, ingestId, 'publish')
  const published = await underLock(attempt, { ingestId, what: 'publish' }, async (tx, entry) => {
    const parts = await lockParts(tx, ingestId)
    if (entry.publishedAt) return publishedBefore(tx, parts)
    mustBeActive(ingestId, entry)
    mustNotBePaused(input, entry.state)
    for (const part of parts) mustBeActive(part.ingestId, part)
    const emptied = await takeBack(attempt, tx, parts)
    return emptied.length > 0 ? { emptied } : publishAll(attempt, tx, ingestId, parts)
  })
  if (published instanceof Error) throw published
  return published
}

async function publishedBefore(tx: Connection, parts: readonly LockedPart[]): Promise<Counts> {
  const counts: Counts[] = []
  for (const { ingestId, entry } of parts) {
    counts.push(await publishedCounts(tx, ingestId, entry))
  }
  return sumCounts(counts)
}

async function takeBack(
  attempt: Attempt,
  tx: Connection,
  parts: readonly LockedPart[],
): Promise<string[]> {
  const emptied: string[] = []
  for (const { ingestId, entry } of parts) {
    if (await takeBackEmptied(attempt, tx, ingestId, entry)) emptied.push(ingestId)
  }
  return emptied
}

/**
 * Two of these that go to the same tables do not wait for each other: they lock the names of all tables
 * first, in one order.
 * @returns an error where the transaction is to be committed all the same, with rejects of one part
 */
async function publishAll(
  attempt: Attempt,
  tx: Connection,
  ingestId: string,
  parts: readonly LockedPart[],
): Promise<Counts | SluiceError> {
  const tables = parts.map(({ target }) => parseTableName(target))
  const inOrder = tables.toSorted((a, b) => (quoteTable(a) < quoteTable(b) ? -1 : 1))
  for (const table of inOrder) await lockTargetName(tx, table)
  const counts: Counts[] = []
  await tx.query('savepoint together')
  for (const at of await publishOrder(tx, tables)) {
    const part = parts[at] as LockedPart
    const done = await publishPart(attempt, tx, part)
    if (done instanceof SluiceError) return refused(attempt, tx, part, done)
    counts.push(done)
  }
  await recordParts(tx, ingestId)
  return sumCounts(counts)
}

/**
 * Nothing is published. What the part that failed found is kept where it finds the same by itself, as in an
 * ingest with one target: the rejects that were too many, or what came of its checks.
 */
async function refused(
  attempt: Attempt,
  tx: Connection,
  part: LockedPart,
  error: SluiceError,
): Promise<SluiceError> {
  await tx.query('rollback to savepoint together')
  const again = await publishPart(attempt, tx, part)
  if (again instanceof SluiceError && again.message === error.message) return error
  throw error
}

/** What was set and made for one part is not for the next one. */
async function publishPart(
  attempt: Attempt,
  tx: Connection,
  { ingestId, target, entry }: LockedPart,
): Promise<Counts | SluiceError> {
  const { records } = await sumPlan(tx, ingestId)
  // A pause of its own has ended with its workflow.
  const active = { ...entry, state: 'running' } as const
  const done = await publishIn(attempt, tx, { ingestId, records }, active).catch((error) => {
    throw error instanceof SluiceError ? of(target, error) : error
  })
  await tx.query('discard temp; reset statement_timeout; reset lock_timeout')
  return done instanceof SluiceError ? of(target, done) : done
}

/** Says which of the targets it is about. */
const of = (table: string, { code, message, hint }: SluiceError): SluiceError =>
  new SluiceError({ code, message: `${table}: ${message}`, hint })
