/** A first look at a target, and at the files that are to go there. */
import { parseTableName } from '../../src/domain/table.ts'
import type { FirstTable, ListedFile } from '../../src/domain/words.ts'
import type { Note } from '../../src/errors/notes.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { shapeFor } from '../../src/postgres/target/declared.ts'
import { readTarget } from '../../src/postgres/target/target.ts'
import type { TargetTable } from '../../src/postgres/target/targetTable.ts'
import type { Source } from '../../src/sources/source.ts'
import { findFirstTable } from '../../src/spec/files/firstTable.ts'
import type { FullSpec } from '../../src/spec/spec.ts'
import type { Attempt } from '../attempt/attempt.ts'
import { openingOf } from '../deps.ts'

/** The target, which must be able to take the rows; null where there is none yet. */
export async function lookAtTarget(
  tx: Connection,
  { target: into }: FullSpec,
): Promise<TargetTable | null> {
  if (!into) return null
  const target = await readTarget(tx, parseTableName(into.table), into)
  await shapeFor(tx, into, target)
  return target
}

interface Candidates {
  ingestId: string
  spec: FullSpec
  source: Source
  target: TargetTable | null
  candidates: ListedFile[]
}

/** After steps the files may be others: each is looked at when its last step has ended. */
export async function lookAtFiles(
  attempt: Attempt,
  { ingestId, spec, source, target, candidates }: Candidates,
): Promise<{ first: FirstTable | null; notes: Note[] }> {
  if (spec.steps) return { first: null, notes: [] }
  const opening = openingOf(attempt, ingestId, spec)
  return findFirstTable(candidates, { source, spec, target, opening })
}
