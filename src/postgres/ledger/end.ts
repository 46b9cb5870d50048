/** The end of an ingest in the database: its landing table goes, its row says how it ended. */
import { parseTableName } from '../../domain/table.ts'
import type { Outcome } from '../../domain/words.ts'
import { cleanText } from '../../errors/clean.ts'
import { sluiceError } from '../../errors.ts'
import type { Connection } from '../db.ts'
import { landingName } from '../names.ts'
import { channels, notified } from '../notify.ts'
import { dropText } from '../target/landing.ts'
import { endedText, type IngestEntry } from './ingests.ts'
import { recordParts } from './parts.ts'

/** @param entry as `lockIngest` gave it in this transaction */
export async function endIngest(
  tx: Connection,
  ingestId: string,
  { spec, publishedAt }: IngestEntry,
  outcome: Outcome,
): Promise<void> {
  const drop = dropLandingText(ingestId, { spec })
  if (drop !== null) await tx.query(drop)
  const isPublished = spec.targets ? await recordParts(tx, ingestId) : publishedAt !== null
  // A publish that committed has happened, whatever its caller heard of it.
  if (isPublished) return recordEnd(tx, ingestId, { state: 'completed', error: null })
  const isUnpublished = outcome.state === 'completed' && spec.target !== null
  await recordEnd(tx, ingestId, isUnpublished ? unpublished() : outcome)
}

/**
 * What a workflow of an earlier version makes of a publish that asks for the units to be loaded
 * again: it takes that for the counts.
 */
function unpublished(): Outcome {
  const problem = 'the ingest was to be completed, and its rows were not published'
  const { code, message, hint } = sluiceError('count_mismatch', { problem })
  return { state: 'failed', error: { code, message, hint } }
}

/** Removes the landing table of an ingest; null where there can be none. */
export const dropLandingText = (
  ingestId: string,
  { spec: { target } }: Pick<IngestEntry, 'spec'>,
): string | null => target && dropText(landingName(ingestId, parseTableName(target.table)))

/** The last thing written about an ingest. */
export async function recordEnd(
  tx: Connection,
  ingestId: string,
  { state, error }: Outcome,
): Promise<void> {
  await tx.query(
    `with gone as (delete from sluice.unlogged_landings where ingest_id = $1)
     update sluice.ingests
     set state = $2, error = $3, ${endedText}
     where ingest_id = $1 and ended_at is null
     returning ${notified(channels.ingests, 'ingest_id')}`,
    [ingestId, state, error && JSON.stringify(cleaned(error))],
  )
}

/** A workflow that began before messages were clean may bring a NUL. */
const cleaned = ({ code, message, hint }: NonNullable<Outcome['error']>): Outcome['error'] => ({
  code,
  message: cleanText(message),
  hint: hint === null ? null : cleanText(hint),
})
