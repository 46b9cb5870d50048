/** CSV, as the rest of Sluice knows it. */
import { documentOf } from '../document.ts'
import type { Format } from '../format.ts'
import { checkOptions } from './checkOptions.ts'
import { type CsvReading, toReading } from './dialect.ts'
import type { Head } from './head.ts'
import { type CsvOptions, csvOptions } from './options.ts'
import { differencesIn } from './otherwise.ts'
import { csvReader } from './reader.ts'
import { emptyDialect, extensions, isTable, ownHeadOf, readBy, readingOf } from './reading.ts'
import { sampleOf } from './sample.ts'
import { Shaper } from './shape.ts'

type CsvHead = Omit<Head, 'dialect'> & { reading: CsvReading }

const toHead = ({ dialect, ...head }: Head): CsvHead => ({ ...head, reading: toReading(dialect) })

export const csv = {
  kind: 'csv',
  options: csvOptions,
  extensions,
  check: checkOptions,
  empty: toReading(emptyDialect),
  documentIn: ({ bytes }, options) => documentOf(bytes, options),
  // Any text may be CSV: it is what a file is that is nothing else.
  recognise: () => 'perhaps',
  head: (file, options) => toHead(ownHeadOf(file, options)),
  headIn(file, { options, reading, firstTable }) {
    // An ingest of an earlier version goes on as it began: one dialect reads all its files.
    if (reading && !firstTable) return { head: toHead(readBy(file, reading)) }
    const first = reading && firstTable && { ...firstTable, dialect: reading }
    const found = readingOf(file, { format: options, first })
    return 'leftOut' in found ? found : { head: toHead(found.head) }
  },
  isTable: (file, { reading, width }) => isTable(file, { dialect: reading, width }),
  differences: differencesIn,
  terms: ({ nullText, nullWords = [], headerRows = 1, trueWords, falseWords }) => ({
    nulls: [nullText, ...nullWords],
    headerRows,
    hasWords: Boolean(trueWords ?? falseWords),
  }),
  // The unit has its columns, and head and foot of a file lie outside of its splits.
  ofUnit: ({ names, headerRows, skipRows, skipFooter, ...rest }) => ({ ...rest, header: false }),
  sample: (bytes, { reading, ...head }, limits) =>
    sampleOf(bytes, { ...head, dialect: reading }, limits),
  scan: ({ reading, ...head }: Omit<CsvHead, 'notes'>, file) =>
    new Shaper({ ...head, dialect: reading }, file),
  reader: csvReader,
} satisfies Format<CsvOptions, CsvReading>
