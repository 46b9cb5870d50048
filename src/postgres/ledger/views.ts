/** One ingest as people see it. */
import type { CheckResult } from '../../domain/checkResult.ts'
import { type Note, notesShownMax } from '../../errors/notes.ts'
import { sluiceError } from '../../errors.ts'
import type { FullSpec } from '../../spec/spec.ts'
import type { Db } from '../db.ts'
import { readChecks } from './checks.ts'
import { readNotes } from './notes.ts'
import { type IngestSummary, summaryOf, type TargetProgress, viewTargets } from './summary.ts'

/** What people see of one ingest while it comes along. */
export interface IngestProgress extends IngestSummary {
  /** The first of them, at most `notesShownMax`. */
  notes: Note[]
  /** What came of the checks, in the order of the spec; none before publish. */
  checks: CheckResult[]
  /** What becomes of each target of several; none for an ingest with one. */
  targets: TargetProgress[]
}

/** What people see of one ingest. */
export interface IngestView extends IngestProgress {
  spec: FullSpec
}

const toldOf = async (db: Db, ingestId: string) => ({
  notes: await readNotes(db, ingestId, notesShownMax),
  checks: await readChecks(db, ingestId),
  targets: await viewTargets(db, ingestId),
})

/** For repeated polling: without the spec, which may have megabytes. */
export async function viewProgress(db: Db, ingestId: string): Promise<IngestProgress> {
  const { rows } = await db.query(`${summaryOf('')} where i.ingest_id = $1`, [ingestId])
  if (!rows[0]) throw sluiceError('ingest_not_found', { ingestId })
  return { ...rows[0], ...(await toldOf(db, ingestId)) }
}

/** @throws ingest_not_found */
export async function viewIngest(db: Db, ingestId: string): Promise<IngestView> {
  const { rows } = await db.query(`${summaryOf('i.spec,')} where i.ingest_id = $1`, [ingestId])
  if (!rows[0]) throw sluiceError('ingest_not_found', { ingestId })
  return { ...rows[0], ...(await toldOf(db, ingestId)) }
}
