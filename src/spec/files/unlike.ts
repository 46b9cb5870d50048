/** Files of another kind than the first table: where they are found, and what to do about them. */

import type { TargetColumn } from '../../domain/columns.ts'
import { free, Layout } from '../../domain/layout.ts'
import { keptNames, type ModeSpec, markerColumn, markerOf } from '../modes.ts'
import type { FullSpec } from '../spec.ts'
import type { FullTarget } from '../target.ts'
import { transformOf } from '../transform.ts'

/** Finds the columns of the files of an ingest. */
export const layoutOf = (
  { target, format }: FullSpec,
  columns: readonly TargetColumn[] | null,
): Layout => {
  const into = target as FullTarget
  const known = transformOf(target) === null ? columns : null
  return new Layout(into, known && columnsRead(into, known), {
    knowsOne: format.unknownFiles === 'skip',
    unlikeAdvice: unlikeAdvice(format, 'If its first record is data'),
  })
}

/** The columns that files may have: those of the table, and one that marks rows for the mode. */
export function columnsRead(
  into: ModeSpec,
  columns: readonly TargetColumn[],
): readonly TargetColumn[] {
  const marker = markerOf(into)
  const kept = new Set(keptNames(into))
  const all = columns.map((column) =>
    kept.has(column.name) ? { ...column, kept: true, hasDefault: true } : column,
  )
  if (!marker || columns.some(({ name }) => name === marker.column)) return all
  return [...all, { ...free, ...markerColumn(marker), hasDefault: true }]
}

/**
 * What to do about a file of another kind. What the spec says is not advised again.
 * @param why when its fields may be taken in their order
 */
export function unlikeAdvice(
  { unknownFiles, header, columns }: FullSpec['format'],
  why: string,
): string {
  const isOpen = header === undefined && columns === undefined
  const advice = [
    ...(unknownFiles === undefined ? [`${why}, say \`--unknown-files position\`.`] : []),
    ...(isOpen ? ['If no file has a header, say `--no-header`, and `--columns` for names.'] : []),
    ...(unknownFiles === undefined ? ['To leave such files out, say `--unknown-files skip`.'] : []),
  ]
  return advice.join(' ') || 'Nothing was loaded.'
}
