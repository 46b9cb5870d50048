/** What a publish comes to: the counts of its receipts, with columns and notes for the result. */
import { type Changes, mismatchOf } from '../../src/domain/counts.ts'
import { shortText } from '../../src/domain/shortText.ts'
import type { Counts } from '../../src/domain/words.ts'
import { sluiceError } from '../../src/errors.ts'
import type { Connection, Db } from '../../src/postgres/db.ts'
import { readChecks } from '../../src/postgres/ledger/checks.ts'
import { type IngestEntry, readChanges } from '../../src/postgres/ledger/ingests.ts'
import { readNotes } from '../../src/postgres/ledger/notes.ts'
import { type Sums, sumReceipts } from '../../src/postgres/ledger/units.ts'

/** The result passes through Temporal, so it has the first notes only; the ledger has them all. */
const notesInResultMax = 20
const columnsInResultMax = 20
const textInResultMax = 300

/** What was published before. */
export async function publishedCounts(
  tx: Db | Connection,
  ingestId: string,
  { columns, spec }: Pick<IngestEntry, 'columns' | 'spec'>,
): Promise<Counts> {
  const published = countsOf(await sumReceipts(tx, ingestId))
  const counts = { ...published, ...(await readChanges(tx, ingestId)) }
  const shown = { counts: withColumns(counts, columns), spec }
  return withNotes(tx, ingestId, await withChecks(tx, ingestId, shown))
}

/** The result has as many of the checks as of the notes, and what they found in short. */
export async function withChecks(
  tx: Db | Connection,
  ingestId: string,
  { counts, spec }: { counts: Counts } & Pick<IngestEntry, 'spec'>,
): Promise<Counts> {
  if (!spec.expect) return counts
  const checks = (await readChecks(tx, ingestId)).slice(0, notesInResultMax)
  const short = (text: string) => text.slice(0, textInResultMax)
  return {
    ...counts,
    checks: checks.map((check) => ({
      ...check,
      name: short(check.name),
      message: check.message === null ? null : short(check.message),
    })),
  }
}

export function withColumns(counts: Counts, columns: IngestEntry['columns']): Counts {
  const stored = (columns ?? []).filter(({ marker }) => !marker)
  const shown = stored.slice(0, columnsInResultMax).map(({ name, type, added }) => {
    return shortText(`${shortText(name, 40)} ${type}${added ? ' (new)' : ''}`)
  })
  const more = stored.length - shown.length
  return { ...counts, columns: more > 0 ? [...shown, `and ${more} more`] : shown }
}

export async function withNotes(
  tx: Db | Connection,
  ingestId: string,
  published: Counts,
): Promise<Counts> {
  const notes = await readNotes(tx, ingestId, notesInResultMax)
  return notes.length > 0 ? { ...published, notes } : published
}

type Published = Required<Omit<Counts, 'notes' | 'columns' | 'checks' | keyof Changes>>

/** @throws count_mismatch */
export function countsOf({ missing, trimmed: _, ...counts }: Sums): Published {
  if (missing > 0) {
    throw sluiceError('count_mismatch', { problem: `${missing} units have no receipt` })
  }
  const problem = mismatchOf(counts)
  if (problem !== null) throw sluiceError('count_mismatch', { problem })
  return counts
}
