/** Records of CSV for COPY: whether it can read them as they are, and else what writes them anew. */
import type { Column } from '../../domain/columns.ts'
import type { TrimCount } from '../../domain/trimCount.ts'
import { changesTerms, Rewriter } from '../rewrite.ts'
import type { Dialect } from './dialect.ts'
import { marksOf } from './marks.ts'
import { unescaped } from './records.ts'

const isAscii = (text: string): boolean => text.length === 1 && text.charCodeAt(0) < 128

/** Can COPY read records as they are, if each of them is in order? */
export function copyTakes(dialect: Dialect, columns: readonly Column[]): boolean {
  const { delimiter, nullWords = [], repeatedHeaders = [] } = dialect
  const hasWords = nullWords.length > 0 || columns.some((column) => column.nullWords?.length)
  const isPlain = isAscii(delimiter) && !hasWords && repeatedHeaders.length === 0
  return isPlain && !changesTerms(dialect, columns)
}

/** @param trims counts what is dropped behind the columns */
export function rewriterOf(
  slice: Buffer,
  dialect: Dialect,
  columns: readonly Column[],
  trims: TrimCount | null = null,
): Rewriter {
  const marks = marksOf(dialect)
  const unescape = (bytes: Buffer) => unescaped(bytes, marks)
  return new Rewriter(slice, { terms: dialect, columns }, { trims, unescape })
}
