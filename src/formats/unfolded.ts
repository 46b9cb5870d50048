/**
 * Files that cannot be cut by bytes, such as Parquet, are unfolded while they are staged; the rows of
 * a database come unfolded from their source.
 *
 * An unfolded file is text: a first line says which columns there are, and each row is a line of COPY
 * text, so that COPY reads the staged bytes as they are. What people see of a row, and may correct, is
 * a line of JSON with its values by column.
 */
import type { Column } from '../domain/columns.ts'
import type { Options } from '../domain/option.ts'
import type { Format, FormatOptions, HeadFile, Known, LocalFile, UnfoldHow } from './format.ts'
import { linesOf } from './lines.ts'
import { unfoldedReader } from './unfoldedReader.ts'
import { UnfoldedScan } from './unfoldedScan.ts'
import { headOf, type UnfoldedReading, withAliases } from './unfoldedText.ts'

export interface Unfolding<O, T extends Options> {
  kind: string
  options: T
  check?(options: O): void
  /** Absent for rows that no file has: they come unfolded. */
  file?: {
    /** What its files begin with. */
    magic: string
    /** @throws what makes the file no file of this format */
    unfold(file: LocalFile, options: O, how: UnfoldHow): AsyncIterable<Buffer>
  }
}

/** A format whose rows are read unfolded. */
export function unfolded<O extends FormatOptions, T extends Options>({
  kind,
  options,
  check = () => {},
  file: ofFile,
}: Unfolding<O, T>): Omit<Format<O, UnfoldedReading>, 'options'> & { options: T } {
  const empty: UnfoldedReading = { kind, newline: '\n' }
  const head = ({ bytes }: HeadFile) => headOf(bytes, empty)
  return {
    kind,
    options,
    extensions: ofFile ? [kind] : [],
    // Not by the text, which somebody else may have written.
    recognise: ({ madeFor }) => (madeFor === kind ? 'certainly' : 'no'),
    check,
    empty,
    ...(ofFile ?? { isOfSource: true }),
    head,
    headIn: (file: HeadFile, { reading, firstTable }: Known<O, UnfoldedReading>) => ({
      head: withAliases(head(file), { header: firstTable?.header, aliases: reading?.aliases }),
    }),
    isTable: () => true,
    differences: () => [],
    terms: () => ({ nulls: [], headerRows: 0, hasWords: false }),
    ofUnit: ({ types, aliases, ...reading }) => reading,
    sample(bytes, { start }, { whole, recordsMax }) {
      const data = bytes.subarray(start.offset)
      const lines = [...linesOf(data, 0)].filter(({ next, end }) => whole || next > end)
      const end = lines.slice(0, recordsMax).at(-1)?.next ?? 0
      return { bytes: data.subarray(0, end), lines: 0 }
    },
    scan: (from, file) => new UnfoldedScan(from, file),
    reader: (_: UnfoldedReading, columns: readonly Column[]) => unfoldedReader(columns),
  }
}
