/** Moments of an ingest at which its worker may be killed. */
import type { Harness } from '../harness.ts'

const holds = async ({ db }: Harness, query: string, ingestId: string): Promise<boolean> =>
  ((await db.query(query, [ingestId])).rowCount ?? 0) > 0

/** Its files are listed, and being staged. */
export const atStage = (harness: Harness, ingestId: string): Promise<boolean> =>
  holds(
    harness,
    `select from sluice.ingests where ingest_id = $1 and state = 'running'
       and exists (select from sluice.files where ingest_id = $1)
       and not exists (select from sluice.units where ingest_id = $1)`,
    ingestId,
  )

/** Some of its units are loaded, and others are not. */
export const isLoading = (harness: Harness, ingestId: string): Promise<boolean> =>
  holds(
    harness,
    `select from sluice.units where ingest_id = $1 and loaded_at is not null
       and exists (select from sluice.units where ingest_id = $1 and loaded_at is null)`,
    ingestId,
  )
