/** The two lanes of a load, and the rejects that come out of them. */

import type { Column } from '../../src/domain/columns.ts'
import type { Dialect, Receipt, Reject, Split, Trimmed, Unit } from '../../src/domain/words.ts'
import { type RejectCode, rejectReason } from '../../src/errors/rejects.ts'
import { CopyLines } from '../../src/formats/csv/copyLines.ts'
import { recordsOf, shapeOf, valuesOf } from '../../src/formats/csv/records.ts'
import { type Triaged, triage, wrongCount } from '../../src/formats/csv/repair.ts'
import { changesTerms, copyTakes, Rewriter } from '../../src/formats/csv/rewrite.ts'
import { recordBytesMax } from '../../src/formats/csv/shape.ts'
import { TrimCount } from '../../src/formats/csv/trimmed.ts'
import {
  type Copied,
  copyRows,
  setDateOrder,
  TooManySkipped,
  unusedQuote,
} from '../../src/postgres/copy/copy.ts'
import { copyAround, type Refused } from '../../src/postgres/copy/copyAround.ts'
import { type Skipped, skippedError } from '../../src/postgres/copy/notice.ts'
import type { Connection } from '../../src/postgres/db.ts'
import type { UnitEntry } from '../../src/postgres/ledger/units.ts'
import { isAboutRows } from '../../src/postgres/sqlState.ts'
import type { UnitBytes } from '../../src/stage/unitBytes.ts'

export interface Loaded {
  lane: Receipt['lane']
  /** Records found; those that are loaded and those that are rejected must add up to it. */
  read: number
  rows: number
  /** Text that `ragged` dropped from the rows; absent where there is none. */
  trimmed?: Trimmed
}

/** Takes rejects, split by split: all of a unit might be more than memory should hold. */
export type Keep = (rejects: Reject[]) => Promise<void>

/** PostgreSQL's "invalid_text_representation": a value that its type does not take. */
const invalidValue: RejectCode = '22P02'
/** With more of them a unit is for the repair lane, which has a split at a time in its hands. */
const skippedMax = 10_000
/** More than this of a record is not kept: it could not be loaded at all. */
const flawBytesMax = 1 << 20

/**
 * The raw bytes straight into COPY.
 * @returns null when the unit needs the repair lane: it has broken lines, quotes that are text,
 *   comments or a dialect that COPY cannot read, COPY gave up or skipped too many, or it counted
 *   otherwise than staging
 */
export async function fastLane(
  tx: Connection,
  { unit, landing, columns }: UnitEntry,
  bytes: UnitBytes,
  keep: Keep,
): Promise<Loaded | null> {
  if (unit.splits.length === 0) return { lane: 'fast', read: 0, rows: 0 }
  const { dialect, columns: fields } = unit
  if (unit.broken > 0 || unit.odd || unit.aside) return null
  if (!copyTakes(dialect, fieldColumns(fields, columns))) return null
  if (await hasUnusedQuote(unit, bytes)) return null
  await setDateOrder(tx, dialect)
  const target = { table: landing, columns, fields, dialect }
  const copy = () => copyRows(tx, target, bytes.stream(), skippedMax)
  const copied = await withSavepoint(tx, copy, unit.records)
  if (!copied) return null
  await keepSkipped(copied.skipped, bytes, keep)
  return { lane: 'fast', read: unit.records, rows: copied.rows }
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
    if (!isAboutRows(error) && !(error instanceof TooManySkipped)) throw error
  }
  await tx.query('rollback to savepoint fast_lane')
  return null
}

/** Where nothing is quoted: do the bytes have the quote that COPY is told of? */
async function hasUnusedQuote({ splits, dialect }: Unit, bytes: UnitBytes): Promise<boolean> {
  if (dialect.quote !== '') return false
  for (const split of splits) {
    if ((await bytes.slice(split)).includes(unusedQuote(dialect))) return true
  }
  return false
}

/** The columns of the fields, in the file's order. */
export function fieldColumns(fields: readonly string[], columns: readonly Column[]): Column[] {
  const known = new Map(columns.map((column) => [column.name, column]))
  return fields.map((name) => known.get(name) ?? { name, type: 'text' })
}

/** Every record looked at: broken ones become rejects, the others are written anew for COPY. */
export async function repairLane(
  tx: Connection,
  entry: UnitEntry,
  bytes: UnitBytes,
  keep: Keep,
): Promise<Loaded> {
  const loaded: Loaded = { lane: 'repair', read: 0, rows: 0 }
  await setDateOrder(tx, entry.unit.dialect)
  const trims = new TrimCount()
  for (const split of entry.unit.splits) {
    const slice = await bytes.slice(split)
    const { read, rows, rejects } = await repairSplit(tx, entry, { split, slice, trims })
    loaded.read += read
    loaded.rows += rows
    await keep(rejects)
  }
  const trimmed = trims.total()
  return { ...loaded, ...(trimmed && { trimmed }) }
}

async function repairSplit(
  tx: Connection,
  { unit, landing, columns }: UnitEntry,
  { split, slice, trims }: { split: Split; slice: Buffer; trims: TrimCount },
): Promise<Omit<Loaded, 'lane'> & { rejects: Reject[] }> {
  const { dialect, columns: fields } = unit
  const types = fieldColumns(fields, columns)
  const writer = new Rewriter(slice, dialect, types, trims)
  const blankIsRecord = fields.length === 1
  const options = { recordBytesMax, lines: split.lines, blankIsRecord, writer }
  const triaged = triage(slice, dialect, options)
  const read = triaged.lines.length + triaged.broken.length
  const { fileNo } = split
  const rejects: Reject[] = triaged.broken.map((each) => ({ ...each, fileNo }))
  const { rows, refused } = await copyAround(tx, { table: landing, columns, fields }, writer)
  for (const each of refused) {
    const reject = asInFile(toReject(each, triaged, slice), dialect, types)
    trims.countRecord(reject.raw, dialect, { width: fields.length, by: -1 })
    rejects.push({ ...reject, fileNo })
  }
  return { read, rows, rejects }
}

function toReject(
  { index, code, ...why }: Refused,
  { lines, starts, rawEnds }: Triaged,
  slice: Buffer,
): Omit<Reject, 'fileNo'> {
  const raw = slice.subarray(starts[index], rawEnds[index])
  return { ...why, line: lines[index] as number, raw, code: code ?? invalidValue }
}

/** Tells of the value in the file, not of what was made of it for COPY. */
export function asInFile<R extends Pick<Reject, 'raw' | 'code' | 'column' | 'error'>>(
  reject: R,
  dialect: Dialect,
  columns: readonly Column[],
): R {
  if (!changesTerms(dialect, columns)) return reject
  const at = columns.findIndex(({ name }) => name === reject.column)
  if (at < 0 || reject.code !== invalidValue) return reject
  const value = valuesOf(reject.raw, dialect)[at] ?? null
  return { ...reject, error: skippedError(columns[at]?.type, value) }
}

/** Finds the records that COPY skipped, by the line numbers that it gave. */
async function keepSkipped(skipped: Skipped[], bytes: UnitBytes, keep: Keep): Promise<void> {
  const { unit } = bytes
  let next = 0
  const copyLines = new CopyLines()
  for (const split of unit.splits) {
    if (next >= skipped.length) return
    const rejects: Reject[] = []
    const slice = await bytes.slice(split)
    for (const span of recordsOf(slice, unit.dialect, { lines: split.lines })) {
      const skip = skipped[next]
      const copyLine = copyLines.next(slice, span)
      if (skip?.copyLine === copyLine) {
        const raw = slice.subarray(span.start, span.end)
        rejects.push({ fileNo: split.fileNo, line: span.lines + 1, ...whySkipped(skip, unit, raw) })
        next++
      }
    }
    await keep(rejects)
  }
}

/** COPY looks at the values from left to right, and may not come to see that some are missing. */
function whySkipped(
  { column, error }: Skipped,
  { dialect, columns }: Unit,
  raw: Buffer,
): Omit<Reject, 'fileNo' | 'line'> {
  const { fields } = shapeOf(raw, dialect)
  if (fields !== columns.length) return { ...wrongCount(fields, columns.length), raw }
  return { column, code: invalidValue, error, raw }
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
