/** The ledger's table of files: one operation a function. */
import type { FileShape, ListedFile } from '../domain/words.ts'
import { sluiceError } from '../errors.ts'
import type { Connection, Db } from './db.ts'

export interface FileEntry extends ListedFile {
  fileNo: number
  sha256: string | null
  /** Both are null until the file is staged; see stage/stage.ts. */
  pinned: boolean | null
  stagedVersion: string | null
  /** Its name in the stage, once a step has made a new file of it. */
  stagedAs: string | null
  shape: FileShape | null
}

/** A file that has been staged; its shape comes after its last step. */
export type StagedEntry = FileEntry & {
  [K in 'sha256' | 'pinned' | 'stagedVersion']: NonNullable<FileEntry[K]>
}

export const fileColumns = `file_no as "fileNo", name, size_bytes as "sizeBytes", version, sha256, pinned,
  staged_version as "stagedVersion", staged_as as "stagedAs", shape`

/** What was listed before. */
export async function sumList(
  tx: Connection,
  ingestId: string,
): Promise<{ files: number; lots: number }> {
  const { rows } = await tx.query(
    `select count(*) as files, coalesce(max(lot_no) + 1, 0) as lots
     from sluice.files where ingest_id = $1`,
    [ingestId],
  )
  return rows[0]
}

export async function addFiles(
  tx: Connection,
  ingestId: string,
  files: (ListedFile & { fileNo: number; lotNo: number })[],
): Promise<void> {
  await tx.query(
    `insert into sluice.files (ingest_id, file_no, lot_no, name, size_bytes, version)
     select $1, f.* from unnest($2::int[], $3::int[], $4::text[], $5::bigint[], $6::text[])
       as f (file_no, lot_no, name, size_bytes, version)`,
    [
      ingestId,
      files.map((file) => file.fileNo),
      files.map((file) => file.lotNo),
      files.map((file) => file.name),
      files.map((file) => file.sizeBytes),
      files.map((file) => file.version),
    ],
  )
}

/** The files of a lot, staged or not, in order. */
export async function readLot(db: Db, ingestId: string, lotNo: number): Promise<FileEntry[]> {
  const { rows } = await db.query(
    `select ${fileColumns} from sluice.files where ingest_id = $1 and lot_no = $2 order by file_no`,
    [ingestId, lotNo],
  )
  return rows
}

/** A file is staged once; a late second attempt changes nothing. */
export async function recordStaged(
  db: Db,
  ingestId: string,
  file: Pick<StagedEntry, 'fileNo' | 'sha256' | 'pinned' | 'stagedVersion' | 'shape'>,
): Promise<void> {
  await db.query(
    `update sluice.files set sha256 = $3, pinned = $4, staged_version = $5, shape = $6, staged_at = now()
     where ingest_id = $1 and file_no = $2 and staged_at is null`,
    [
      ingestId,
      file.fileNo,
      file.sha256,
      file.pinned,
      file.stagedVersion,
      file.shape && JSON.stringify(file.shape),
    ],
  )
}

/** @throws count_mismatch when it was never staged */
export async function readFile(db: Db, ingestId: string, fileNo: number): Promise<StagedEntry> {
  const { rows } = await db.query<StagedEntry>(
    `select ${fileColumns} from sluice.files
     where ingest_id = $1 and file_no = $2 and staged_at is not null`,
    [ingestId, fileNo],
  )
  if (rows[0]) return rows[0]
  throw sluiceError('count_mismatch', { problem: `file ${fileNo} was never staged` })
}

/** What lies in the stage. */
export interface Staged {
  sizeBytes: number
  sha256: string
  /** Inode and mtime. */
  version: string
}

export async function recordShape(
  db: Db,
  ingestId: string,
  fileNo: number,
  shape: FileShape,
): Promise<void> {
  await db.query('update sluice.files set shape = $3 where ingest_id = $1 and file_no = $2', [
    ingestId,
    fileNo,
    JSON.stringify(shape),
  ])
}

/** Bytes of all files as they are in the stage. */
export async function sumFileBytes(db: Db | Connection, ingestId: string): Promise<number> {
  const { rows } = await db.query(
    'select coalesce(sum(size_bytes), 0)::bigint as bytes from sluice.files where ingest_id = $1',
    [ingestId],
  )
  return rows[0].bytes
}

/** Pages of staged files, so that a long list is never held in memory. */
export async function* eachFile(
  db: Db | Connection,
  ingestId: string,
  pageSize = 1000,
): AsyncGenerator<FileEntry> {
  for (let from = 0; ; from += pageSize) {
    const { rows } = await db.query<FileEntry>(
      `select ${fileColumns} from sluice.files
       where ingest_id = $1 and file_no >= $2 and file_no < $3 order by file_no`,
      [ingestId, from, from + pageSize],
    )
    yield* rows
    if (rows.length < pageSize) return
  }
}

type StagedPart = Pick<StagedEntry, 'name' | 'sizeBytes' | 'pinned' | 'stagedVersion' | 'stagedAs'>

/** What is needed to read some staged files. */
export async function readFiles(
  db: Db | Connection,
  ingestId: string,
  fileNos: number[],
): Promise<Map<number, StagedPart>> {
  const { rows } = await db.query<StagedEntry>(
    `select file_no as "fileNo", name, size_bytes as "sizeBytes", pinned,
            staged_version as "stagedVersion", staged_as as "stagedAs"
     from sluice.files where ingest_id = $1 and file_no = any($2)`,
    [ingestId, fileNos],
  )
  return new Map(rows.map(({ fileNo, ...file }) => [fileNo, file]))
}
