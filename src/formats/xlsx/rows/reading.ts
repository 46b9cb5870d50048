/** How the rows of a sheet are read. */
import type { Reading } from '../../../domain/words.ts'

export interface RowsReading extends Reading {
  /** The first record names the columns. */
  header: boolean
  /** Records of the header, whose words are joined; 1 if absent. */
  headerRows?: number
  /** Lines in front of the header; none if absent. */
  skipRows?: number
  /** Records at the end that are not data, such as totals; 0 if absent. */
  skipFooter?: number
  /** Names of the fields, in place of those in the file. */
  names?: string[]
  /** Cells of a row in front of the first column: they are empty. None if absent. */
  from?: number
  /** A cell with an error, like #N/A, is NULL and not a reject. */
  errorsAreNull?: boolean
}
