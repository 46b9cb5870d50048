/** The two lanes of a load, and the rejects that come out of them. */

import type { Column } from '../../src/domain/columns.ts'
import { NotBinary } from '../../src/domain/copyForm.ts'
import { filledBy } from '../../src/domain/plan.ts'
import { parseTableName } from '../../src/domain/table.ts'
import { TrimCount } from '../../src/domain/trimCount.ts'
import type { Receipt, Reject, Split, Trimmed } from '../../src/domain/words.ts'
import { type RejectCode, rejectReason } from '../../src/errors/rejects.ts'
import { sluiceError } from '../../src/errors.ts'
import { tailed } from '../../src/formats/constants.ts'
import { wrongCount } from '../../src/formats/faults.ts'
import { recordBytesMax } from '../../src/formats/format.ts'
import type { AsIs, Reader, Written } from '../../src/formats/reader.ts'
import {
  type Copied,
  copyRows,
  setDateOrder,
  TooManySkipped,
} from '../../src/postgres/copy/copy.ts'
import { copyAround, type Refused, TooManyRaised } from '../../src/postgres/copy/copyAround.ts'
import { type Skipped, skippedError } from '../../src/postgres/copy/notice.ts'
import type { Connection } from '../../src/postgres/db.ts'
import type { UnitEntry } from '../../src/postgres/ledger/units.ts'
import { isAboutRow } from '../../src/postgres/sqlState.ts'
import type { UnitBytes } from '../../src/stage/unitBytes.ts'
import type { UnitReader } from './keepRejects.ts'

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

/** What a lane works with. */
interface Lane extends UnitReader {
  keep: Keep
}

/** PostgreSQL's "invalid_text_representation": a value that its type does not take. */
const invalidValue: RejectCode = '22P02'
/** With more of them a unit is for the repair lane, which has a split at a time in its hands. */
const skippedMax = 10_000
/** A smaller unit is loaded as soon from its bytes. */
const binaryBytesMin = 64 * 1024
/** More than this of a record is not kept: it could not be loaded at all. */
const flawBytesMax = 1 << 20

/**
 * All records in one COPY: as rows of COPY BINARY, or else their raw bytes.
 * @returns null when the unit needs the repair lane: it has broken lines, comments or records that
 *   COPY cannot read, COPY gave up or skipped too many, or it counted otherwise than staging
 */
export async function fastLane(
  tx: Connection,
  entry: UnitEntry,
  { reader, bytes, keep }: Lane,
): Promise<Loaded | null> {
  const { unit, landing, columns, writtenFor } = entry
  if (unit.splits.length === 0) return { lane: 'fast', read: 0, rows: 0 }
  if (unit.broken > 0 || unit.odd || unit.aside) return null
  await setDateOrder(tx, reader)
  const rows = await binaryRows(tx, entry, { reader, bytes })
  if (rows !== null) return { lane: 'fast', read: unit.records, rows }
  const { asIs } = reader
  if (!asIs || !(await suitsAll(asIs, bytes))) return null
  const target = { table: landing, columns, fields: filledBy(unit), form: asIs.copy, writtenFor }
  const copy = () => copyRows(tx, target, tailed(bytes.stream(), asIs.tail), skippedMax)
  const copied = await withSavepoint(tx, copy, unit.records)
  if (!copied) return null
  await keepSkipped(copied.skipped, bytes, { reader, asIs, keep })
  return { lane: 'fast', read: unit.records, rows: copied.rows }
}

/**
 * COPY BINARY knows no rows to skip: what is wrong with one, or not known for sure, is for the bytes.
 * @returns how many rows; null for none, where the records are not for it
 */
async function binaryRows(
  tx: Connection,
  { unit, landing, columns, writtenFor }: UnitEntry,
  { reader: { binary }, bytes }: UnitReader,
): Promise<number | null> {
  if (!binary || unit.sizeBytes < binaryBytesMin) return null
  const fields = filledBy(unit)
  const target = { table: landing, columns, fields, form: binary.copy, writtenFor }
  const copy = () => copyRows(tx, target, binary.rows(bytes.stream()))
  const copied = await withSavepoint(tx, copy, unit.records)
  return copied?.rows ?? null
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
    const isOfRows = error instanceof TooManySkipped || error instanceof NotBinary
    if (!isAboutRow(error) && !isOfRows) throw error
  }
  await tx.query('rollback to savepoint fast_lane')
  return null
}

/** The bytes are read once more where the format has to see them all; most do not ask for it. */
async function suitsAll({ suits }: AsIs, bytes: UnitBytes): Promise<boolean> {
  if (!suits) return true
  for (const split of bytes.unit.splits) {
    if (!suits(await bytes.slice(split))) return false
  }
  return true
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
  { reader, bytes, keep }: Lane,
): Promise<Loaded> {
  const loaded: Loaded = { lane: 'repair', read: 0, rows: 0 }
  await setDateOrder(tx, reader)
  const trims = new TrimCount()
  for (const split of entry.unit.splits) {
    const slice = await bytes.slice(split)
    const name = bytes.nameOf(split.fileNo)
    const repair = { reader: reader.ofFile?.(name) ?? reader, split, slice, name, trims }
    const { read, rows, rejects } = await repairSplit(tx, entry, repair)
    loaded.read += read
    loaded.rows += rows
    await keep(rejects)
  }
  const trimmed = trims.total()
  return { ...loaded, ...(trimmed && { trimmed }) }
}

interface Repair {
  reader: Reader
  split: Split
  slice: Buffer
  /** What the file is called, for people. */
  name: string
  trims: TrimCount
}

/** @throws target_refused when the code of the table refuses too many records */
async function repairSplit(
  tx: Connection,
  { unit, landing, columns, target, writtenFor }: UnitEntry,
  { reader, split, slice, name, trims }: Repair,
): Promise<Omit<Loaded, 'lane'> & { rejects: Reject[] }> {
  const { columns: fields } = unit
  const types = fieldColumns(fields, columns)
  const written = reader.write(slice, split.lines, trims)
  const read = written.lines.length + written.broken.length
  const { fileNo } = split
  const rejects: Reject[] = written.broken.map((each) => ({ ...each, fileNo }))
  const into = { table: landing, columns, fields: filledBy(unit), writtenFor }
  const { rows, refused } = await copyAround(tx, into, written).catch((error) => {
    if (!(error instanceof TooManyRaised)) throw error
    const place = `${name} line ${written.lines[error.first.index]}`
    throw tooManyRaised(target.table, place, error)
  })
  for (const each of refused) {
    const error = ofTarget(each.error, { landing, target })
    const reject = asInFile(toReject({ ...each, error }, written, slice), reader, types)
    trims.countRow(reader.ragged(reject.raw), fields.length, -1)
    rejects.push({ ...reject, fileNo })
  }
  return { read, rows, rejects }
}

function tooManyRaised(table: string, place: string, cause: TooManyRaised): Error {
  const problem = `${cause.message}, the first: ${place}: ${cause.first.error}`
  return sluiceError('target_refused', { table, problem }, { cause })
}

/** PostgreSQL names the table that it copies into, and that is not there any more when it is read. */
function ofTarget(
  error: string,
  { landing, target }: Pick<UnitEntry, 'landing' | 'target'>,
): string {
  const [from, to] = [landing, target.table].map((table) => parseTableName(table).name)
  return error.replace(from as string, () => to as string)
}

function toReject(
  { index, code, ...why }: Refused,
  { lines, starts, rawEnds }: Written,
  slice: Buffer,
): Omit<Reject, 'fileNo'> {
  const raw = slice.subarray(starts[index], rawEnds[index])
  return { ...why, line: lines[index] as number, raw, code: code ?? invalidValue }
}

/** Tells of the value in the file, not of what was made of it for COPY. */
export function asInFile<R extends Pick<Reject, 'raw' | 'code' | 'column' | 'error'>>(
  reject: R,
  reader: Reader,
  columns: readonly Column[],
): R {
  if (!reader.changesTerms) return reject
  const at = columns.findIndex(({ name }) => name === reject.column)
  if (at < 0 || reject.code !== invalidValue) return reject
  const value = reader.values(reject.raw)[at] ?? null
  return { ...reject, error: skippedError(columns[at]?.type, value) }
}

/** Finds the records that COPY skipped, by the line numbers that it gave. */
async function keepSkipped(
  skipped: Skipped[],
  bytes: UnitBytes,
  { reader, asIs, keep }: { reader: Reader; asIs: AsIs; keep: Keep },
): Promise<void> {
  const { unit } = bytes
  let next = 0
  const counted = asIs.count()
  for (const split of unit.splits) {
    if (next >= skipped.length) return
    const rejects: Reject[] = []
    const slice = await bytes.slice(split)
    for (const { line, start, end, copyLine } of counted(slice, split.lines)) {
      const skip = skipped[next]
      if (skip?.copyLine !== copyLine) continue
      const raw = slice.subarray(start, end)
      const why = whySkipped(skip, raw, { reader, width: unit.columns.length })
      rejects.push({ fileNo: split.fileNo, line, ...why })
      next++
    }
    await keep(rejects)
  }
}

/** COPY looks at the values from left to right, and may not come to see that some are missing. */
function whySkipped(
  { column, error }: Skipped,
  raw: Buffer,
  { reader, width }: { reader: Reader; width: number },
): Omit<Reject, 'fileNo' | 'line'> {
  const fields = reader.width(raw)
  if (fields !== width) return { ...wrongCount(fields, width), raw }
  return { column, code: invalidValue, error, raw }
}

/** What no split covers, as rejects. */
export async function flawRejects(bytes: UnitBytes): Promise<Reject[]> {
  const rejects: Reject[] = []
  for (const flaw of bytes.unit.flaws) {
    const raw = trimLineEnd(await bytes.flaw(flaw, flawBytesMax))
    const { fileNo, line, problem } = flaw
    const why =
      problem === undefined
        ? rejectReason('record_too_long', { max: recordBytesMax, kept: raw.length })
        : rejectReason('json_structure', { problem })
    rejects.push({ fileNo, line, column: null, ...why, raw })
  }
  return rejects
}

export function trimLineEnd(raw: Buffer): Buffer {
  let end = raw.length
  while (end > 0 && (raw[end - 1] === 10 || raw[end - 1] === 13)) end--
  return raw.subarray(0, end)
}
