/** list: source → files in the ledger, and a first look at target and header. */

import { readHead } from '../src/csv/head.ts'
import { matchHeader } from '../src/domain/match.ts'
import type { FullSpec } from '../src/domain/spec.ts'
import { parseTableName } from '../src/domain/table.ts'
import type { Dialect, ListedFile } from '../src/domain/words.ts'
import type { Connection } from '../src/postgres/db.ts'
import { addFiles, clearFiles } from '../src/postgres/files.ts'
import { enterPhase, lockIngest, mustBeActive, recordListed } from '../src/postgres/ingests.ts'
import { alone } from '../src/postgres/sessions.ts'
import { readTarget, type TargetTable } from '../src/postgres/target.ts'
import { openSource } from '../src/sources/open.ts'
import type { Source } from '../src/sources/source.ts'
import { alive } from './alive.ts'
import type { Deps } from './deps.ts'

export interface Listed {
  files: number
  lots: number
}

/** A lot is staged by one activity: large enough to be worth it, small enough to be tried again. */
const lotBytesMax = 64 * 1024 * 1024
const lotFilesMax = 500
const pageFiles = 1000

/**
 * Lists the source into the ledger, replacing what an earlier attempt listed.
 *
 * A target that cannot take the rows is refused here, before anything is read but the first
 * bytes of the first file.
 */
export const listSource =
  ({ db, stage, sourceRoots }: Deps) =>
  async ({ ingestId }: { ingestId: string }): Promise<Listed> =>
    alive(async (signal) => {
      await enterPhase(db, ingestId, 'list')
      return alone(
        db,
        { ingestId, what: 'list', signal },
        (tx) => lockIngest(tx, ingestId),
        async (tx, entry) => {
          mustBeActive(ingestId, entry)
          const { spec } = entry
          const target = await readTarget(tx, parseTableName(spec.target.table), spec.target.mode)
          const source = openSource(spec.source, {
            roots: sourceRoots,
            uploadPath: stage.uploads.path,
          })
          const listed = await record(tx, ingestId, source, signal)
          const dialect =
            listed.first && (await look(source, listed.first, { spec, target }, signal))
          await recordListed(tx, ingestId, { ...listed, dialect })
          return { files: listed.files, lots: listed.lots }
        },
      )
    })

/** Writes the files page by page; `first` is the first one that is not empty. */
async function record(tx: Connection, ingestId: string, source: Source, signal: AbortSignal) {
  await clearFiles(tx, ingestId)
  let page: (ListedFile & { fileNo: number; lotNo: number })[] = []
  let first: ListedFile | null = null
  let files = 0
  let sizeBytes = 0
  let lotNo = 0
  let lot = { files: 0, bytes: 0 }
  for await (const file of source.list()) {
    signal.throwIfAborted()
    if (lot.files > 0 && (lot.files >= lotFilesMax || lot.bytes + file.sizeBytes > lotBytesMax)) {
      lotNo++
      lot = { files: 0, bytes: 0 }
    }
    page.push({ ...file, fileNo: files, lotNo })
    lot = { files: lot.files + 1, bytes: lot.bytes + file.sizeBytes }
    files++
    sizeBytes += file.sizeBytes
    if (file.sizeBytes > 0) first ??= file
    if (page.length >= pageFiles) {
      await addFiles(tx, ingestId, page)
      page = []
    }
  }
  if (page.length > 0) await addFiles(tx, ingestId, page)
  return { files, lots: files > 0 ? lotNo + 1 : 0, sizeBytes, first }
}

/** Reads the first bytes of a file: how is it written, and do its columns fit the target? */
async function look(
  source: Source,
  file: ListedFile,
  { spec, target }: { spec: FullSpec; target: TargetTable | null },
  signal: AbortSignal,
): Promise<Dialect> {
  const opened = await source.open(file)
  let bytes: Buffer = Buffer.alloc(0)
  try {
    for await (const chunk of opened.read(signal)) {
      bytes = chunk
      break
    }
  } finally {
    await opened.close()
  }
  const { dialect, header, width } = readHead(bytes, file, spec.format)
  if (target && width > 0) {
    const table = { name: spec.target.table, columns: target.columns }
    matchHeader({ file: file.name, header, width }, table)
  }
  return dialect
}
