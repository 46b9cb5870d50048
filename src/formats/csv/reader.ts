/** The records of CSV: as COPY reads them where it can, and written anew where it cannot. */
import type { Column } from '../../domain/columns.ts'
import type { CopyForm } from '../../domain/copyForm.ts'
import type { Ragged } from '../../domain/trimCount.ts'
import { recordBytesMax } from '../format.ts'
import type { AsIs, CopyCount, Reader, RecordAt } from '../reader.ts'
import { changesTerms } from '../rewrite.ts'
import { binaryOf } from './binary.ts'
import { CopyLines } from './copyLines.ts'
import type { Dialect } from './dialect.ts'
import { type Field, fieldsOf, recordsOf, shapeOf, soundRecords, valuesOf } from './records.ts'
import { triage } from './repair.ts'
import { copyTakes, rewriterOf } from './rewrite.ts'

export function csvReader(dialect: Dialect, columns: readonly Column[]): Reader {
  const width = columns.length
  const blankIsRecord = width === 1
  const { dates, ragged } = dialect
  return {
    ...(dates && { dates }),
    changesTerms: changesTerms(dialect, columns),
    asIs: copyTakes(dialect, columns) ? asIs(dialect) : null,
    binary: binaryOf(dialect, columns),
    records: (slice, lines) => recordsAt(slice, dialect, { lines, blankIsRecord }),
    write(slice, lines, trims) {
      const writer = rewriterOf(slice, dialect, columns, trims ?? null)
      const options = { recordBytesMax, lines, blankIsRecord, writer }
      const triaged = triage(slice, dialect, options)
      return { ...triaged, bytes: writer.bytes, ends: writer.ends }
    },
    values: (raw) => valuesOf(raw, dialect),
    width: (raw) => shapeOf(raw, dialect).fields,
    ragged: (raw) => (ragged ? raggedIn(fieldsOf(raw, dialect), width) : even),
    isPart: (code) => code === 'quote_not_closed',
  }
}

const even: Ragged = { dropped: [], isPadded: false }

const raggedIn = (fields: readonly Field[], width: number): Ragged => ({
  dropped: fields.slice(width).map(({ value }) => value.length),
  isPadded: fields.length < width,
})

function* recordsAt(
  slice: Buffer,
  dialect: Dialect,
  { lines, blankIsRecord }: { lines: number; blankIsRecord: boolean },
): Generator<RecordAt> {
  for (const span of soundRecords(slice, dialect, { lines, recordBytesMax })) {
    if (span.blank && !blankIsRecord) continue
    const { start, end, next, broken, odd } = span
    yield { line: span.lines + 1, start, end, next, broken, odd }
  }
}

const asIs = (dialect: Dialect): AsIs => ({
  copy: copyFormOf(dialect),
  // What COPY is told is the quote must not be there.
  suits: dialect.quote === '' ? (slice) => !slice.includes(unusedQuote(dialect)) : null,
  count: () => copyCount(dialect),
})

function copyCount(dialect: Dialect): CopyCount {
  const copyLines = new CopyLines()
  return function* (slice, before) {
    for (const span of recordsOf(slice, dialect, { lines: before })) {
      const copyLine = copyLines.next(slice, span)
      const { start, end, lines } = span
      yield { line: lines + 1, start, end, copyLine }
    }
  }
}

/** Where nothing is quoted, COPY still wants a quote: one that the bytes do not have. */
const unusedQuote = ({ delimiter }: Dialect): string => (delimiter === '\x01' ? '\x02' : '\x01')

export function copyFormOf(dialect: Dialect): CopyForm {
  const quote = dialect.quote || unusedQuote(dialect)
  return {
    format: 'csv',
    delimiter: dialect.delimiter,
    quote,
    escape: dialect.quote ? dialect.escape : quote,
    null: dialect.nullText,
  }
}
