/** How a file of fixed width is read. */
import type { Terms } from '../../domain/values.ts'
import type { Reading } from '../../domain/words.ts'
import type { Place } from './widths.ts'

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
