/** A file that is no CSV: what it is instead, and what to do about it. */
import { type SluiceError, sluiceError } from '../../errors.ts'

const usual =
  'Name the encoding if it has another one, as in `--encoding shift_jis` (`format.encoding`); else convert the file first'

export const notCsv = (file: string, problem: string, advice = usual): SluiceError =>
  sluiceError('not_csv', { file, problem, advice })

/** How a file of another format becomes one that can be read. */
export function toConvert(what: string): string {
  if (!what.includes('JSON')) return 'Convert the file to CSV first'
  if (what === 'JSON') return 'Leave `--format csv` out, and it is read as what it is'
  return (
    'Leave `--format csv` out, and it is read as what it is; ' +
    "if each of its lines is to be one value, say `--no-header --delimiter '\\x01'`"
  )
}
