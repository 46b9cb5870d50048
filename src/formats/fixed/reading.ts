/** How a file of fixed width is read. */
import type { Terms } from '../../domain/values.ts'
import type { Reading } from '../../domain/words.ts'
import type { FixedOptions } from './options.ts'
import { columnsOf, type Place } from './widths.ts'

export interface FixedReading extends Reading, Terms {
  kind: 'fixed'
  /** Empty in a unit, whose columns have theirs. */
  names: string[]
  places: Place[]
  trim: 'both' | 'left' | 'right' | 'none'
  nullText: string
  nullWords?: string[]
  /** What becomes of a line with too few characters (pad), too many (trim), either (fit). */
  ragged?: 'pad' | 'trim' | 'fit'
  skipRows?: number
  skipFooter?: number
}

export const emptyReading: FixedReading = {
  kind: 'fixed',
  newline: '\n',
  names: [],
  places: [],
  trim: 'both',
  nullText: '',
}

/** @throws dialect_invalid */
export function readingOf(options: FixedOptions, newline: Reading['newline']): FixedReading {
  const { widths = [], trim = 'both', ragged, skipRows = 0, skipFooter = 0 } = options
  const { decimal, thousands, dates, true: trueWords, false: falseWords } = options
  const [nullText = '', ...nullWords] = [options.null ?? ''].flat()
  return {
    ...{ kind: 'fixed', newline, ...columnsOf(widths), trim, nullText },
    ...(nullWords.length > 0 && { nullWords }),
    ...(ragged && ragged !== 'reject' && { ragged }),
    ...(skipRows > 0 && { skipRows }),
    ...(skipFooter > 0 && { skipFooter }),
    ...(decimal === ',' && { decimal }),
    ...(thousands && { thousands }),
    ...(dates && { dates }),
    ...(trueWords && { trueWords }),
    ...(falseWords && { falseWords }),
  }
}
