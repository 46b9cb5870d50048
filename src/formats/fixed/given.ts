/** How a file of fixed width is read, as its options say: nothing of it is guessed. */
import type { Reading } from '../../domain/words.ts'
import type { FixedOptions } from './options.ts'
import type { FixedReading } from './reading.ts'
import { columnsOf } from './widths.ts'

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
