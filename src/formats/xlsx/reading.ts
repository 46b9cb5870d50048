/** How a sheet of a workbook is read. */
import type { UnfoldedReading } from './rows/reading.ts'

export interface XlsxReading extends UnfoldedReading {
  kind: 'xlsx'
  /** The name of the sheet. */
  sheet?: string
}
