/**
 * Rows of the landing table that break a constraint of the target become rejects, with the records
 * that they came from: a row's place among those of its unit leads to its record.
 */

import {
  parseTableName,
  quoteIdentifier,
  quoteTable,
  showTable,
  type TableName,
} from '../../src/domain/table.ts'
import type { Reject, UnitRef } from '../../src/domain/words.ts'
import { sluiceError } from '../../src/errors.ts'
import { readerOf } from '../../src/formats/index.ts'
import type { Reader } from '../../src/formats/reader.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { readFiles } from '../../src/postgres/ledger/files.ts'
import type { IngestEntry } from '../../src/postgres/ledger/ingests.ts'
import { rejectedLines } from '../../src/postgres/ledger/rejects.ts'
import { readReceipt, type UnitReceipt } from '../../src/postgres/ledger/units.ts'
import { modes } from '../../src/postgres/modes/index.ts'
import type { Judged } from '../../src/postgres/modes/mode.ts'
import { landingName, rowColumn } from '../../src/postgres/names.ts'
import { judge } from '../../src/postgres/target/judge.ts'
import {
  firstMark,
  type Mark,
  marksByUnit,
  rankMarks,
  rankOf,
  removeMarked,
} from '../../src/postgres/target/violations.ts'
import type { FullTarget } from '../../src/spec/target.ts'
import { UnitBytes } from '../../src/stage/unitBytes.ts'
import type { Deps } from '../deps.ts'
import { keepReadable } from '../load/keepRejects.ts'
import { fieldColumns } from '../load/lanes.ts'
import { correctTrimmed } from './trimmed.ts'

/** SQLSTATE of a key that is there already. */
const uniqueViolation = '23505'

interface Judging extends Pick<IngestEntry, 'spec' | 'columns'> {
  judged: Judged
}

/**
 * Judges the landing table. What breaks a constraint leaves it, and the receipts and rejects say so.
 * @returns how many rows that were
 * @throws target_refused when a key is there already and the spec does not stand for it
 */
export async function judgeLanding(
  { stage }: Pick<Deps, 'stage'>,
  tx: Connection,
  ingestId: string,
  { spec, columns, judged: { also, ...judged } }: Judging,
): Promise<number> {
  const { table, mode } = spec.target as FullTarget
  const target = parseTableName(table)
  const landing = landingName(ingestId, target)
  const filled = (columns ?? []).filter(({ marker }) => !marker).map(({ name }) => name)
  const { keepsRows } = modes[mode]
  const marked = await judge(tx, {
    ...{ target, landing, keepsRows, ...judged, filled: [...filled, ...also] },
  })
  if (marked > 0) await rejectMarked({ stage }, tx, ingestId, { spec, columns })
  return marked
}

/**
 * What is marked leaves the landing table, and the receipts and rejects say so.
 * @throws target_refused when a key is there already and the spec does not stand for it
 */
export async function rejectMarked(
  deps: Pick<Deps, 'stage'>,
  tx: Connection,
  ingestId: string,
  { spec, columns }: Pick<IngestEntry, 'spec' | 'columns'>,
): Promise<void> {
  const { table, unique } = spec.target as FullTarget
  const target = parseTableName(table)
  const landing = landingName(ingestId, target)
  const taken = unique === 'fail' ? await firstMark(tx, uniqueViolation) : null
  if (taken) throw sluiceError('target_refused', { table: showTable(target), problem: taken })

  const at = { table: quoteTable(landing), row: quoteIdentifier(rowColumn(landing)) }
  await rankMarks(tx, at, unique === 'skip' ? uniqueViolation : null)
  for await (const { unitNo, marks } of marksByUnit(tx)) {
    const { bytes, opened } = await openUnit(deps, tx, { ingestId, unitNo, columns })
    const { reader, unit } = opened
    const rejects = await findRecords(tx, opened, bytes, marks)
    await keepReadable(tx, { ingestId, unitNo }, rejects, { reader, bytes })
    const width = unit.columns.length
    const moved = rejects.map(({ raw }) => ({ unitNo, ragged: reader.ragged(raw), width }))
    await correctTrimmed(tx, ingestId, moved, -1)
  }
  await removeMarked(tx, ingestId, at)
}

interface OfRow {
  ingestId: string
  entry: Pick<IngestEntry, 'columns'>
  landing: TableName
  /** Its number in the landing table. */
  row: string
}

/** Where the record of a row stands, for people. */
export async function placeOf(
  deps: Pick<Deps, 'stage'>,
  tx: Connection,
  { ingestId, entry: { columns }, landing, row }: OfRow,
): Promise<string> {
  const at = { table: quoteTable(landing), row: quoteIdentifier(rowColumn(landing)) }
  const { unitNo, rank } = await rankOf(tx, at, row)
  const { bytes, opened } = await openUnit(deps, tx, { ingestId, unitNo, columns })
  const mark = { unitNo, rank, column: null, code: '', constraint: null, error: '' }
  const [record] = await findRecords(tx, opened, bytes, [mark])
  return record ? `${bytes.nameOf(record.fileNo)} line ${record.line}` : `a row of unit ${unitNo}`
}

async function openUnit(
  { stage }: Pick<Deps, 'stage'>,
  tx: Connection,
  { ingestId, unitNo, columns }: UnitRef & Pick<IngestEntry, 'columns'>,
): Promise<{ bytes: UnitBytes; opened: Opened }> {
  const receipt = await readReceipt(tx, { ingestId, unitNo })
  const { reading, columns: fields, splits } = receipt.unit
  const fileNos = [...new Set(splits.map(({ fileNo }) => fileNo))]
  const files = await readFiles(tx, ingestId, fileNos)
  const bytes = new UnitBytes(stage, ingestId, receipt.unit, files)
  const reader = readerOf(reading, fieldColumns(fields, columns ?? []))
  return { bytes, opened: { ingestId, unitNo, reader, ...receipt } }
}

interface Opened extends UnitReceipt {
  ingestId: string
  unitNo: number
  reader: Reader
}

/**
 * The rows of a unit are its records in order, but those that were rejected when it was loaded.
 * @throws count_mismatch when there are more or fewer of them than the receipt says
 */
async function findRecords(
  tx: Connection,
  { ingestId, unitNo, reader, unit, rowsLanded }: Opened,
  bytes: UnitBytes,
  marks: readonly Mark[],
): Promise<Reject[]> {
  const rejects: Reject[] = []
  let rank = 0
  for (const split of unit.splits) {
    const { fileNo } = split
    const slice = await bytes.slice(split)
    // As both lanes find them: what is broken among them is a reject already.
    const records = [...reader.records(slice, split.lines)]
    const from = records[0]?.line ?? 0
    const lines = { fileNo, from, to: records.at(-1)?.line ?? 0 }
    const known = await rejectedLines(tx, ingestId, lines)
    for (const { line, start, end } of records) {
      if (known.has(line)) continue
      const mark = marks[rejects.length]
      rank++
      if (mark?.rank !== rank) continue
      const { column, code, constraint, error } = mark
      // A copy: a view would keep the whole slice in memory.
      const raw = Buffer.from(slice.subarray(start, end))
      rejects.push({ fileNo, line, column, code, constraint, error, raw })
    }
  }
  if (rank === rowsLanded && rejects.length === marks.length) return rejects
  const problem = `unit ${unitNo} has ${rank} records for ${rowsLanded} rows`
  throw sluiceError('count_mismatch', { problem })
}
