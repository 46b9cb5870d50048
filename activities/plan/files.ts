/** The files of a plan with the columns that their fields go to, and their units in the ledger. */
import type { ColumnValues } from '../../src/domain/columnValues.ts'
import type { Growing, PlannedFile } from '../../src/domain/plan.ts'
import type { Unit } from '../../src/domain/words.ts'
import { sluiceError } from '../../src/errors.ts'
import { formatOf } from '../../src/formats/index.ts'
import type { Connection } from '../../src/postgres/db.ts'
import type { FileEntry } from '../../src/postgres/ledger/files.ts'
import { addUnits } from '../../src/postgres/ledger/units.ts'
import { fieldsOf } from '../../src/spec/files/mapped.ts'
import { addValues, type FileSorter } from '../../src/spec/files/sorter.ts'
import type { ModeSpec } from '../../src/spec/modes.ts'
import { mustHave } from './keyed.ts'

const pageUnits = 200
/** A unit of small files has up to a thousand. */
const pageSplits = 2000

interface Planning {
  into: ModeSpec
  sorter: FileSorter
  values: ColumnValues
  signal: AbortSignal
  /** How far the plan has come before: those files are looked at, and have their units. */
  from: Pick<Growing, 'files' | 'offset'>
}

/** @throws what the sorter throws; mode_column_missing */
export async function* withColumns(
  files: AsyncIterable<FileEntry> | Iterable<FileEntry>,
  { into, sorter, values, signal, from }: Planning,
): AsyncGenerator<PlannedFile> {
  for await (const file of files) {
    signal.throwIfAborted()
    const { shape, fileNo } = file
    if (!shape) throw sluiceError('count_mismatch', { problem: `${file.name} was never staged` })
    const placed = sorter.columnsOf(file, shape)
    if (placed === null) continue
    sorter.read(file, shape)
    const format = formatOf(shape.reading)
    const beside = placed.constants.map(({ column }) => column)
    mustHave(into, file.name, [...placed.columns, ...beside])
    addValues(values, { fileNo, shape }, placed)
    if (fileNo < from.files) continue
    const { columns, constants, dropped } = fieldsOf(placed)
    yield {
      fileNo,
      shape,
      columns: columns.filter(Boolean),
      constants,
      ...(dropped.length > 0 && { dropped }),
      ...(fileNo === from.files && from.offset && { from: from.offset }),
      reading: format.ofUnit(shape.reading, columns),
    }
  }
}

export interface Added {
  units: number
  records: number
  sizeBytes: number
}

/** @param firstNo how many units there are already */
export async function addPages(
  tx: Connection,
  { ingestId, firstNo }: { ingestId: string; firstNo: number },
  units: AsyncIterable<Unit>,
): Promise<Added> {
  let page: Unit[] = []
  let written = 0
  let splits = 0
  let records = 0
  let sizeBytes = 0
  const flush = async () => {
    if (page.length > 0) await addUnits(tx, ingestId, firstNo + written, page)
    written += page.length
    splits = 0
    page = []
  }
  for await (const unit of units) {
    records += unit.records
    sizeBytes += unit.sizeBytes
    splits += unit.splits.length
    page.push(unit)
    if (page.length >= pageUnits || splits >= pageSplits) await flush()
  }
  await flush()
  return { units: written, records, sizeBytes }
}
