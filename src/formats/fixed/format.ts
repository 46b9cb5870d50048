/** Files of fixed width, as the rest of Sluice knows them: each line is a record. */
import { sluiceError } from '../../errors.ts'
import { bomBytes } from '../bom.ts'
import { documentOf } from '../document.ts'
import { encodingNotes } from '../encodingNotes.ts'
import type { Format, Head, HeadFile } from '../format.ts'
import { newlineByte, newlineIn } from '../lines.ts'
import { readingOf } from './given.ts'
import { guessedWidths } from './guess.ts'
import { recordsBy } from './lines.ts'
import { type FixedOptions, fixedOptions } from './options.ts'
import { fixedReader } from './reader.ts'
import { emptyReading, type FixedReading } from './reading.ts'
import { FixedScan } from './scan.ts'

export const fixed = {
  kind: 'fixed',
  options: fixedOptions,
  extensions: ['fwf'],
  // No bytes say where the columns are: the spec does.
  recognise: () => 'no',
  check: (options) => void readingOf(options, '\n'),
  empty: emptyReading,
  head: headOf,
  headIn(file, { options }) {
    const what = file.isNamed ? null : documentOf(file.bytes)
    return what === null ? { head: headOf(file, options) } : { leftOut: what }
  },
  isTable: () => true,
  differences: () => [],
  terms: ({ nullText, nullWords = [], trueWords, falseWords }) => ({
    nulls: [nullText, ...nullWords],
    headerRows: 0,
    hasWords: Boolean(trueWords ?? falseWords),
  }),
  // The unit has its columns, and head and foot of a file lie outside of its splits.
  ofUnit: ({ skipRows, skipFooter, ...reading }) => ({ ...reading, names: [] }),
  sample(bytes, { reading, start }, { whole, recordsMax }) {
    const body = bytes.subarray(start.offset)
    let end = 0
    let records = 0
    for (const { next } of recordsBy(reading)(body, start.lines)) {
      if (records++ >= recordsMax || (next >= body.length && !whole)) break
      end = next
    }
    return { bytes: body.subarray(0, end), lines: start.lines }
  },
  scan: (head, file) => new FixedScan(head, file),
  reader: fixedReader,
} satisfies Format<FixedOptions, FixedReading>

/** @throws widths_missing */
function headOf(file: HeadFile, options: FixedOptions): Head<FixedReading> {
  const { name, bytes } = file
  const bom = bomBytes(bytes)
  if (!options.widths) {
    throw sluiceError('widths_missing', {
      file: name,
      proposal: guessedWidths(bytes.subarray(bom)),
    })
  }
  const reading = readingOf(options, newlineIn(bytes))
  const { names, skipRows = 0 } = reading
  let offset = bom
  let lines = 0
  for (; lines < skipRows && offset < bytes.length; lines++) {
    const end = bytes.indexOf(newlineByte(reading.newline), offset)
    offset = end < 0 ? bytes.length : end + 1
  }
  return {
    ...{ reading, header: names, width: names.length },
    start: { offset, lines },
    notes: encodingNotes(file),
  }
}
