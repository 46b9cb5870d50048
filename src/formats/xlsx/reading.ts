/** How a sheet of a workbook is read. */
import type { RowsReading } from './rows/reading.ts'

export interface XlsxReading extends RowsReading {
  kind: 'xlsx'
  /** The name of the sheet. */
  sheet?: string
}
