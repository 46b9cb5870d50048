/** Files of another kind than the first table: where they are found, and what to do about them. */

import type { TargetColumn } from '../../domain/columns.ts'
import { Layout } from '../../domain/layout.ts'
import type { FullSpec } from '../spec.ts'
import type { FullTarget } from '../target.ts'
import { transformOf } from '../transform.ts'

/** Finds the columns of the files of an ingest. */
export const layoutOf = (
  { target, format }: FullSpec,
  columns: readonly TargetColumn[] | null,
): Layout =>
  new Layout(target as FullTarget, transformOf(target) === null ? columns : null, {
    knowsOne: format.unknownFiles === 'skip',
    unlikeAdvice: unlikeAdvice(format, 'If its first record is data'),
  })

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
