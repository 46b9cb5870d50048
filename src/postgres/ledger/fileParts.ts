/** Files that are staged in parts: each part comes into the ledger when it is in the stage. */
import type { FilePart } from '../../domain/fileParts.ts'
import type { FileShape } from '../../domain/words.ts'
import type { Db } from '../db.ts'

/** A part of a file that comes behind all of those that the ledger has. */
export interface NewPart {
  fileNo: number
  part: FilePart
  /** What all parts have shown, this one among them. */
  shape: FileShape
  isLast: boolean
}

/** A part is staged once; a late second attempt changes nothing. */
export async function recordPart(
  db: Db,
  ingestId: string,
  { fileNo, part, shape, isLast }: NewPart,
): Promise<void> {
  await db.query(
    `update sluice.files
     set parts = coalesce(parts, '[]') || $3::jsonb, shape = $4, pinned = false, staged_version = '',
         staged_at = case when $5 then now() end
     where ingest_id = $1 and file_no = $2 and staged_at is null
       and coalesce((parts #>> '{-1,start}')::bigint, -1) < $6`,
    [ingestId, fileNo, JSON.stringify([part]), JSON.stringify(shape), isLast, part.start],
  )
}
