/** The two lanes of a load, and the rejects that come out of them. */
import { recordsOf } from '../src/csv/records.ts'
import { triage } from '../src/csv/repair.ts'
import { recordBytesMax } from '../src/csv/shape.ts'
import type { Receipt, Reject } from '../src/domain/words.ts'
import { type RejectCode, rejectReason } from '../src/errors/rejects.ts'
import { type Copied, copyCsv } from '../src/postgres/copy.ts'
import { type AroundRecord, copyAround } from '../src/postgres/copyAround.ts'
import { type Connection, isAboutRows } from '../src/postgres/db.ts'
import type { Skipped } from '../src/postgres/notice.ts'
import type { UnitEntry } from '../src/postgres/units.ts'
import type { UnitBytes } from '../src/stage/unitBytes.ts'

export interface Loaded {
  lane: Receipt['lane']
  /** Records found; those that are loaded and those that are rejected must add up to it. */
  read: number
  rows: number
  rejects: Reject[]
}

/** PostgreSQL's "invalid_text_representation": a value that its type does not take. */
const invalidValue: RejectCode = '22P02'
/** More than this of a record is not kept: it could not be loaded at all. */
const flawBytesMax = 1 << 20

/**
 * The raw bytes straight into COPY.
 * @returns null when the unit needs the repair lane: it has broken lines, COPY gave up, or COPY
 *   counted otherwise than staging
 */
export async function fastLane(
  tx: Connection,
  { unit, landing, columns }: UnitEntry,
  bytes: UnitBytes,
): Promise<Loaded | null> {
  if (unit.splits.length === 0) return { lane: 'fast', read: 0, rows: 0, rejects: [] }
  if (unit.broken > 0) return null
  const target = { table: landing, columns, fields: unit.columns, dialect: unit.dialect }
  const copied = await withSavepoint(tx, () => copyCsv(tx, target, bytes.stream()), unit.records)
  if (!copied) return null
  const rejects = await skippedRejects(copied.skipped, bytes)
  return { lane: 'fast', read: unit.records, rows: copied.rows, rejects }
}

async function withSavepoint(
  tx: Connection,
  copy: () => Promise<Copied>,
  expected: number,
): Promise<Copied | null> {
  await tx.query('savepoint fast_lane')
  try {
    const copied = await copy()
    if (copied.rows + copied.skipped.length === expected) return copied
  } catch (error) {
    if (!isAboutRows(error)) throw error
  }
  await tx.query('rollback to savepoint fast_lane')
  return null
}

/** Every record looked at; broken ones become rejects, the rest goes through COPY again. */
export async function repairLane(
  tx: Connection,
  { unit, landing, columns }: UnitEntry,
  bytes: UnitBytes,
): Promise<Loaded> {
  const loaded: Loaded = { lane: 'repair', read: 0, rows: 0, rejects: [] }
  const target = { table: landing, columns, fields: unit.columns, dialect: unit.dialect }
  for (const split of unit.splits) {
    const { fileNo } = split
    const slice = await bytes.slice(split)
    const options = { width: unit.columns.length, recordBytesMax, lines: split.lines }
    const { sound, broken } = triage(slice, unit.dialect, options)
    loaded.read += sound.length + broken.length
    for (const each of broken) loaded.rejects.push({ ...each, fileNo, column: null })
    const { rows, refused } = await copyAround(tx, target, sound)
    loaded.rows += rows
    for (const { record, ...why } of refused) loaded.rejects.push(toReject(fileNo, record, why))
  }
  return loaded
}

const toReject = (
  fileNo: number,
  { line, raw }: AroundRecord & { line: number },
  why: { column: string | null; code: string | null; error: string },
): Reject => ({ fileNo, line, raw, ...why, code: why.code ?? invalidValue })

/** Finds the records that COPY skipped, by the line numbers that it gave. */
async function skippedRejects(skipped: Skipped[], bytes: UnitBytes): Promise<Reject[]> {
  const { unit } = bytes
  const rejects: Reject[] = []
  let next = 0
  let copyLine = 0
  let lineEndKnown = false
  for (const split of unit.splits) {
    if (next >= skipped.length) break
    const slice = await bytes.slice(split)
    const at = { lines: split.lines, copyLine, lineEndKnown }
    for (const span of recordsOf(slice, unit.dialect, at)) {
      const skip = skipped[next]
      if (skip && skip.copyLine === span.copyLine) {
        // A copy: a view would keep the whole slice in memory.
        const raw = Buffer.from(slice.subarray(span.start, span.end))
        const { fileNo } = split
        const { column, error } = skip
        rejects.push({ fileNo, line: span.lines + 1, column, code: invalidValue, error, raw })
        next++
      }
      copyLine = span.copyLine
    }
    lineEndKnown = true
  }
  return rejects
}

/** What no split covers, as rejects. */
export async function flawRejects(bytes: UnitBytes): Promise<Reject[]> {
  const rejects: Reject[] = []
  for (const flaw of bytes.unit.flaws) {
    const raw = trimLineEnd(await bytes.flaw(flaw, flawBytesMax))
    const { fileNo, line } = flaw
    const why = rejectReason('record_too_long', { max: recordBytesMax, kept: raw.length })
    rejects.push({ fileNo, line, column: null, ...why, raw })
  }
  return rejects
}

export function trimLineEnd(raw: Buffer): Buffer {
  let end = raw.length
  while (end > 0 && (raw[end - 1] === 10 || raw[end - 1] === 13)) end--
  return raw.subarray(0, end)
}
