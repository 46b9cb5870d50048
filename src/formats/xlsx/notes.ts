/** What is told of a sheet besides its cells. */
import { type Note, noteOf } from '../../errors/notes.ts'
import { areaOf } from './cellRef.ts'
import type { Beside } from './sheet.ts'

const shownMax = 5

/** @param headerRows rows down to the header: what is merged there is a title, or a part of it */
export function notesBeside(json: string, file: string, headerRows: number): Note[] {
  const { hiddenRows, hiddenColumns, merged, mergedRanges }: Beside = JSON.parse(json)
  const inData = mergedRanges.filter((range) => (areaOf(range)?.bottom ?? 0) > headerRows)
  const count = merged - mergedRanges.length + inData.length
  return [
    ...(count > 0 ? [noteOf('cells_merged', { file, count, some: some(inData, count) })] : []),
    ...(hiddenRows > 0 ? [noteOf('rows_hidden', { file, count: hiddenRows })] : []),
    ...(hiddenColumns.length > 0
      ? [
          noteOf('columns_hidden', {
            file,
            count: hiddenColumns.length,
            some: some(hiddenColumns, hiddenColumns.length),
          }),
        ]
      : []),
  ]
}

const some = (names: readonly string[], count: number): string =>
  names.slice(0, shownMax).join(', ') + (count > shownMax ? ', …' : '')
