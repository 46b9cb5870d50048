/** How CSV is written. */
import type { Terms } from '../../domain/values.ts'
import type { FirstTable, Reading } from '../../domain/words.ts'

/**
 * How the bytes of a staged CSV file, which are UTF-8, are to be read. What COPY cannot read by
 * itself is written anew for it, record by record: see rewrite.ts.
 */
export interface Dialect extends Terms {
  /** One ASCII character for COPY; a longer one is written anew. */
  delimiter: string
  /** One ASCII character; empty when nothing is quoted. */
  quote: string
  /** Equal to `quote` when quotes are escaped by doubling. */
  escape: string
  /** What ends a record. */
  newline: Reading['newline']
  header: boolean
  /** The unquoted text that stands for NULL. */
  nullText: string
  /** More texts that stand for NULL. */
  nullWords?: string[]
  /** Physical lines in front of the header; none if absent. */
  skipRows?: number
  /** Records of the header, whose words are joined; 1 if absent. */
  headerRows?: number
  /** Records at the end that are not data, such as totals; 0 if absent. */
  skipFooter?: number
  /** A line that starts with it is no record. */
  comment?: string
  /** Names of the fields, in place of those in the file. */
  names?: string[]
  /** What becomes of a record with too few fields (pad), too many (trim), either (fit). */
  ragged?: 'pad' | 'trim' | 'fit'
  /** Records that are rejects as the header that comes again: its records, name by name. */
  repeatedHeaders?: string[][]
}

/** The same, as the ledger keeps it. */
export type CsvReading = Dialect & { kind: 'csv' }

/** The first table of an ingest, whose other files are compared with it. */
export interface FirstCsv extends Omit<FirstTable, 'reading'> {
  dialect: Dialect
}

export const toReading = (dialect: Dialect): CsvReading => ({ ...dialect, kind: 'csv' })
