/**
 * Rows of the landing table that break a constraint of the target become rejects, with the records
 * that they came from: a row's place among those of its unit leads to its record.
 */

import { parseTableName, quoteIdentifier, quoteTable, showTable } from '../../src/domain/table.ts'
import type { Reject, Split, Unit } from '../../src/domain/words.ts'
import { sluiceError } from '../../src/errors.ts'
import { soundRecords } from '../../src/formats/csv/records.ts'
import { recordBytesMax } from '../../src/formats/csv/shape.ts'
import type { Connection } from '../../src/postgres/db.ts'
import { readFiles } from '../../src/postgres/ledger/files.ts'
import type { IngestEntry } from '../../src/postgres/ledger/ingests.ts'
import { keepRejects, rejectedLines } from '../../src/postgres/ledger/rejects.ts'
import { readReceipt, type UnitReceipt } from '../../src/postgres/ledger/units.ts'
import { modes } from '../../src/postgres/modes/index.ts'
import { judge } from '../../src/postgres/target/judge.ts'
import { landingName, rowColumn } from '../../src/postgres/target/landing.ts'
import {
  firstMark,
  type Mark,
  marksByUnit,
  rankMarks,
  removeMarked,
} from '../../src/postgres/target/violations.ts'
import type { FullTarget } from '../../src/spec/target.ts'
import { UnitBytes } from '../../src/stage/unitBytes.ts'
import type { Deps } from '../deps.ts'
import { correctTrimmed } from './trimmed.ts'

/** SQLSTATE of a key that is there already. */
const uniqueViolation = '23505'

/**
 * Judges the landing table. What breaks a constraint leaves it, and the receipts and rejects say so.
 * @returns how many rows that were
 * @throws target_refused when a key is there already and the spec does not stand for it
 */
export async function judgeLanding(
  { stage }: Pick<Deps, 'stage'>,
  tx: Connection,
  ingestId: string,
  { spec, columns }: IngestEntry,
): Promise<number> {
  const { table, mode, unique } = spec.target as FullTarget
  const target = parseTableName(table)
  const landing = landingName(ingestId, target)
  const filled = (columns ?? []).map(({ name }) => name)
  const marked = await judge(tx, { target, landing, filled, keepsRows: modes[mode].keepsRows })
  if (marked === 0) return 0
  const taken = unique === 'fail' ? await firstMark(tx, uniqueViolation) : null
  if (taken) throw sluiceError('target_refused', { table: showTable(target), problem: taken })

  const at = { table: quoteTable(landing), row: quoteIdentifier(rowColumn(landing)) }
  await rankMarks(tx, at, unique === 'skip' ? uniqueViolation : null)
  for await (const { unitNo, marks } of marksByUnit(tx)) {
    const receipt = await readReceipt(tx, { ingestId, unitNo })
    const fileNos = [...new Set(receipt.unit.splits.map(({ fileNo }) => fileNo))]
    const files = await readFiles(tx, ingestId, fileNos)
    const bytes = new UnitBytes(stage, ingestId, receipt.unit, files)
    const rejects = await findRecords(tx, { ingestId, unitNo, ...receipt }, bytes, marks)
    await keepRejects(tx, { ingestId, unitNo }, rejects, (fileNo) => bytes.nameOf(fileNo))
    const { dialect, columns: fields } = receipt.unit
    const moved = rejects.map(({ raw }) => ({ unitNo, raw, dialect, fields }))
    await correctTrimmed(tx, ingestId, moved, -1)
  }
  await removeMarked(tx, ingestId, at)
  return marked
}

/**
 * The rows of a unit are its records in order, but those that were rejected when it was loaded.
 * @throws count_mismatch when there are more or fewer of them than the receipt says
 */
async function findRecords(
  tx: Connection,
  { ingestId, unitNo, unit, rowsLoaded }: UnitReceipt & { ingestId: string; unitNo: number },
  bytes: UnitBytes,
  marks: readonly Mark[],
): Promise<Reject[]> {
  const rejects: Reject[] = []
  let rank = 0
  for (const split of unit.splits) {
    const { fileNo } = split
    const records = recordsIn(await bytes.slice(split), unit, split)
    const from = records[0]?.line ?? 0
    const lines = { fileNo, from, to: records.at(-1)?.line ?? 0 }
    const known = await rejectedLines(tx, ingestId, lines)
    for (const { line, raw } of records) {
      if (known.has(line)) continue
      const mark = marks[rejects.length]
      rank++
      if (mark?.rank !== rank) continue
      const { column, code, constraint, error } = mark
      // A copy: a view would keep the whole slice in memory.
      rejects.push({ fileNo, line, column, code, constraint, error, raw: Buffer.from(raw) })
    }
  }
  if (rank === rowsLoaded && rejects.length === marks.length) return rejects
  const problem = `unit ${unitNo} has ${rank} records for ${rowsLoaded} rows`
  throw sluiceError('count_mismatch', { problem })
}

/** As both lanes find them: what is broken among them is a reject already. */
function recordsIn(
  slice: Buffer,
  { dialect, columns }: Unit,
  { lines }: Split,
): { line: number; raw: Buffer }[] {
  const records: { line: number; raw: Buffer }[] = []
  for (const span of soundRecords(slice, dialect, { lines, recordBytesMax })) {
    if (span.blank && columns.length > 1) continue
    records.push({ line: span.lines + 1, raw: slice.subarray(span.start, span.end) })
  }
  return records
}
