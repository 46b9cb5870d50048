/** The ledger's table of files: one operation a function. */
import type { FilePart } from '../../domain/fileParts.ts'
import type { FileShape, ListedFile } from '../../domain/words.ts'
import { sluiceError } from '../../errors.ts'
import type { Connection, Db } from '../db.ts'

export interface FileEntry extends ListedFile {
  fileNo: number
  /** The SHA-256 of the staged bytes, in hex, where steps ask for it; else a copy has `crc32`. */
  sha256: string | null
  crc32: number | null
  /** Both are null until the file is staged; see stage/stage.ts. */
  pinned: boolean | null
  stagedVersion: string | null
  /** Its name in the stage, once a new file was made of it. */
  stagedAs: string | null
  /** Where it lies in the stage if it is staged in parts, and what they have shown is in `shape`. */
  parts?: FilePart[] | null
  /** All of it is staged. */
  isStaged: boolean
  shape: FileShape | null
}

/** A file that has been staged; its shape comes after its last step. */
export type StagedEntry = FileEntry & {
  [K in 'pinned' | 'stagedVersion']: NonNullable<FileEntry[K]>
}

export const fileColumns = `file_no as "fileNo", name, member, size_bytes as "sizeBytes", version,
  sha256, crc32, pinned, staged_version as "stagedVersion", staged_as as "stagedAs", parts,
  staged_at is not null as "isStaged", shape`

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

/** A listed file with its number and that of its lot. */
export type NumberedFile = ListedFile & { fileNo: number; lotNo: number }

/** What a list tells of files, a column each. */
const listedColumns = (files: readonly NumberedFile[]) => [
  files.map((file) => file.fileNo),
  files.map((file) => file.lotNo),
  files.map((file) => file.name),
  files.map((file) => file.sizeBytes),
  files.map((file) => file.version),
  files.map((file) => file.member ?? null),
]

export async function addFiles(
  tx: Connection,
  ingestId: string,
  files: readonly NumberedFile[],
): Promise<void> {
  await tx.query(
    `insert into sluice.files (ingest_id, file_no, lot_no, name, size_bytes, version, member)
     select $1, f.*
     from unnest($2::int[], $3::int[], $4::text[], $5::bigint[], $6::text[], $7::text[])
       as f (file_no, lot_no, name, size_bytes, version, member)`,
    [ingestId, ...listedColumns(files)],
  )
}

/** Adds files that have been staged already. */
export async function addStagedFiles(
  tx: Connection,
  ingestId: string,
  files: readonly (FileEntry & { lotNo: number })[],
): Promise<void> {
  await tx.query(
    `insert into sluice.files (ingest_id, file_no, lot_no, name, size_bytes, version, member, sha256,
                               crc32, pinned, staged_version, shape, staged_at)
     select $1, f.*, now()
     from unnest($2::int[], $3::int[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[],
                 $9::bigint[], $10::boolean[], $11::text[], $12::jsonb[])
       as f (file_no, lot_no, name, size_bytes, version, member, sha256, crc32, pinned,
             staged_version, shape)`,
    [
      ingestId,
      ...listedColumns(files),
      files.map((file) => file.sha256),
      files.map((file) => file.crc32),
      files.map((file) => file.pinned),
      files.map((file) => file.stagedVersion),
      files.map((file) => file.shape && JSON.stringify(file.shape)),
    ],
  )
}

/** The files of a lot that are still to be staged, in order. */
export async function readUnstaged(db: Db, ingestId: string, lotNo: number): Promise<FileEntry[]> {
  const { rows } = await db.query(
    `select ${fileColumns} from sluice.files
     where ingest_id = $1 and lot_no = $2 and staged_at is null order by file_no`,
    [ingestId, lotNo],
  )
  return rows
}

/** What staging found out about a file. */
export type NewlyStaged = Pick<
  StagedEntry,
  'fileNo' | 'sizeBytes' | 'sha256' | 'crc32' | 'pinned' | 'stagedVersion' | 'shape'
>

/**
 * A file is staged once; a late second attempt changes nothing. `any` is for the planner: of a table
 * that has just grown it knows nothing, and would read all files of the ingest for these few.
 */
export async function recordStaged(
  db: Db,
  ingestId: string,
  files: readonly NewlyStaged[],
): Promise<void> {
  await db.query(
    `update sluice.files f
     set size_bytes = s.size_bytes, sha256 = s.sha256, crc32 = s.crc32, pinned = s.pinned,
         staged_version = s.staged_version, shape = s.shape, staged_at = now()
     from unnest($2::int[], $3::bigint[], $4::text[], $5::bigint[], $6::boolean[], $7::text[],
                 $8::jsonb[])
       as s (file_no, size_bytes, sha256, crc32, pinned, staged_version, shape)
     where f.ingest_id = $1 and f.file_no = any($2) and f.file_no = s.file_no
       and f.staged_at is null`,
    [
      ingestId,
      files.map((file) => file.fileNo),
      files.map((file) => file.sizeBytes),
      files.map((file) => file.sha256),
      files.map((file) => file.crc32),
      files.map((file) => file.pinned),
      files.map((file) => file.stagedVersion),
      files.map((file) => file.shape && JSON.stringify(file.shape)),
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

export interface Shaped {
  ingestId: string
  fileNo: number
  shape: FileShape
  /** The text that was made of a packed file. */
  made?: { stagedAs: string; sizeBytes: number; version: string }
}

/** The first shape that is found holds. */
export async function recordShape(db: Db, shaped: Shaped): Promise<void> {
  const { ingestId, fileNo, shape, made } = shaped
  await db.query(
    `update sluice.files
     set shape = $3, staged_as = coalesce($4, staged_as), size_bytes = coalesce($5, size_bytes),
         staged_version = coalesce($6, staged_version), pinned = pinned and $4::text is null,
         sha256 = case when $4::text is null then sha256 end
     where ingest_id = $1 and file_no = $2 and shape is null`,
    [ingestId, fileNo, JSON.stringify(shape), made?.stagedAs, made?.sizeBytes, made?.version],
  )
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

/** The files that are staged, in their order, up to the first one that is not, with its parts so far. */
export async function* eachStaged(
  db: Db | Connection,
  ingestId: string,
): AsyncGenerator<FileEntry> {
  for await (const file of eachFile(db, ingestId)) {
    if (file.stagedVersion !== null) yield file
    if (!file.isStaged) return
  }
}

type ReadableFile = Pick<
  StagedEntry,
  'name' | 'sizeBytes' | 'pinned' | 'stagedVersion' | 'stagedAs' | 'parts'
>

/** What is needed to read some staged files. */
export async function readFiles(
  db: Db | Connection,
  ingestId: string,
  fileNos: number[],
): Promise<Map<number, ReadableFile>> {
  const { rows } = await db.query<StagedEntry>(
    `select file_no as "fileNo", name, size_bytes as "sizeBytes", pinned,
            staged_version as "stagedVersion", staged_as as "stagedAs", parts
     from sluice.files where ingest_id = $1 and file_no = any($2)`,
    [ingestId, fileNos],
  )
  return new Map(rows.map(({ fileNo, ...file }) => [fileNo, file]))
}

/** What a file is without its records: how it is written, and from where to where they go. */
export interface FileFrame extends Pick<FileShape, 'reading' | 'header'> {
  /** Physical lines, counted from 1: that of the first record, and the last one of the last. */
  firstLine: number
  lastLine: number
}

/** The frames of some files that have records. */
export async function readFrames(
  tx: Connection,
  ingestId: string,
  fileNos: readonly number[],
): Promise<Map<number, FileFrame>> {
  const { rows } = await tx.query<FileFrame & { fileNo: number }>(
    `select file_no as "fileNo", shape -> 'reading' as reading, shape -> 'header' as header,
            (shape #>> '{cuts,0,lines}')::bigint + 1 as "firstLine",
            (shape #>> '{cuts,-1,lines}')::bigint as "lastLine"
     from sluice.files
     where ingest_id = $1 and file_no = any($2) and shape #>> '{cuts,0,lines}' is not null`,
    [ingestId, fileNos],
  )
  return new Map(rows.map(({ fileNo, ...frame }) => [fileNo, frame]))
}

/** Whether files with records are all among these. */
export async function areAllFiles(
  tx: Connection,
  ingestId: string,
  fileNos: readonly number[],
): Promise<boolean> {
  const { rows } = await tx.query(
    `select exists (
       select from sluice.files
       where ingest_id = $1 and file_no <> all($2) and shape #>> '{cuts,0,lines}' is not null
     ) as others`,
    [ingestId, fileNos],
  )
  return !rows[0].others
}
