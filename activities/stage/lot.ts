/** What the files of a lot are staged with. */
import type { FileEntry } from '../../src/postgres/ledger/files.ts'
import type { IngestEntry } from '../../src/postgres/ledger/ingests.ts'
import type { Source } from '../../src/sources/source.ts'
import { namedFiles } from '../../src/spec/spec.ts'
import type { Attempt } from '../attempt/attempt.ts'
import { sourceOf } from '../deps.ts'

export interface Lot {
  attempt: Attempt
  ingestId: string
  ingest: IngestEntry
  /** Sees every chunk of every file as it comes out of its packing; it ends the work by an error. */
  meter: (chunk: Buffer) => void
  /** The spec names the file itself. */
  isNamed: (file: FileEntry) => boolean
  source: Source
}

export type LotWork = Pick<Lot, 'ingestId' | 'ingest'> & Partial<Pick<Lot, 'meter'>>

export const lotOf = (attempt: Attempt, { ingestId, ingest, meter = () => {} }: LotWork): Lot => ({
  attempt,
  ingestId,
  ingest,
  meter,
  isNamed: namedFiles(ingest.spec.source),
  source: sourceOf(attempt, ingestId, ingest.spec),
})
