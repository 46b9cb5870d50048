/** The options that say how files are written, and the format that they make. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Format } from '../domain/format.ts'
import { integer } from './integer.ts'

export interface FormatOptions {
  encoding?: string
  delimiter?: string
  quote?: string
  escape?: string
  header?: boolean | number
  columns?: string[]
  skipRows?: number
  skipFooter?: number
  comment?: string
  ragged?: 'reject' | 'pad' | 'trim' | 'fit'
  null?: string[]
  true?: string[]
  false?: string[]
  decimal?: '.' | ','
  thousands?: ',' | '.' | ' ' | "'" | '_'
  dates?: 'YMD' | 'DMY' | 'MDY'
  unknownFiles?: 'fail' | 'skip' | 'position'
}

/** Shells make a tab hard to write. */
const unescaped = (text: string): string =>
  text === 'tab'
    ? '\t'
    : text
        .replaceAll('\\t', '\t')
        .replace(/\\x([0-9a-f]{2})/gi, (_, code: string) =>
          String.fromCharCode(Number.parseInt(code, 16)),
        )

function delimiter(text: string): string {
  const value = unescaped(text)
  if (value.length >= 1 && value.length <= 16 && !/[\0\r\n]/.test(value)) return value
  throw new InvalidArgumentError('It must be 1 to 16 characters, none of them a line end.')
}

function char(text: string): string {
  const value = unescaped(text)
  const code = value.charCodeAt(0)
  if (value.length === 1 && code > 0 && code < 128) return value
  throw new InvalidArgumentError('It must be one character of ASCII; \\t is a tab.')
}

const quote = (text: string): string => (text === '' || text === 'none' ? '' : char(text))

/** The word behind `--header` is its number, also when a file was meant. */
function headerRows(text: string): number {
  if (/^\d+$/.test(text)) return integer(0, 10)(text)
  throw new InvalidArgumentError(
    'It must be a whole number from 0 to 10: how many records the header has. ' +
      `If ${text} is a file, write it in front of --header, or --header=1 ${text}.`,
  )
}

/** For an option that may be given several times. */
const several = (text: string, earlier: string[] = []): string[] => [...earlier, text]

const names = (text: string): string[] => text.split(',').map((name) => name.trim())

export const addFormatOptions = (command: Command): Command =>
  command
    .option('--encoding <name>', 'like utf-16le, latin1, windows-1252 (default: sniffed)')
    .option(
      '--delimiter <text>',
      'between fields, of one character or several; \\t is a tab, \\x01 a byte (default: sniffed)',
      delimiter,
    )
    .option('--quote <char>', 'around fields; none if nothing is quoted (default: sniffed)', quote)
    .option('--escape <char>', 'before a quote within quotes (default: sniffed)', char)
    .option('--header [n]', 'the first n records name the columns (default: sniffed)', headerRows)
    .option('--no-header', 'the first record is data')
    .option('--columns <names>', 'names for the fields in place of the header, with commas', names)
    .option(
      '--skip-rows <n>',
      'lines in front of the header that are none of the data (default: sniffed)',
      integer(0, 1000),
    )
    .option('--skip-footer <n>', 'records at the end that are none of the data', integer(0, 1000))
    .option('--comment <char>', 'a line that starts with it is no record', char)
    .addOption(
      new Option(
        '--ragged <how>',
        'records with too few fields: pad with NULL; too many: trim; both: fit (default: reject)',
      ).choices(['reject', 'pad', 'trim', 'fit']),
    )
    .option(
      '--null <text>',
      'an unquoted text that stands for NULL; may be given again (default: empty)',
      several,
    )
    .option('--true <word>', 'a word for true in boolean columns; may be given again', several)
    .option('--false <word>', 'a word for false in boolean columns; may be given again', several)
    .addOption(
      new Option('--decimal <char>', 'the decimal mark of numbers (default: sniffed)').choices([
        '.',
        ',',
      ]),
    )
    .addOption(
      new Option(
        '--thousands <char>',
        'what stands between the thousands of numbers (default: sniffed)',
      ).choices([',', '.', ' ', "'", '_']),
    )
    .addOption(
      new Option(
        '--dates <order>',
        'the order of year, month and day in dates (default: sniffed)',
      ).choices(['YMD', 'DMY', 'MDY']),
    )
    .addOption(
      new Option(
        '--unknown-files <how>',
        'a file without a known name or a header: it fails, is skipped, or is taken by position',
      ).choices(['fail', 'skip', 'position']),
    )

/** What was not said is left out. */
export function formatOf(options: FormatOptions): Format {
  const { encoding, header, columns, skipRows, skipFooter, comment, ragged } = options
  const { decimal, thousands, dates, true: trueWords, false: falseWords, null: nulls } = options
  return defined({
    encoding,
    delimiter: options.delimiter,
    quote: options.quote,
    escape: options.escape,
    header,
    columns,
    skipRows,
    skipFooter,
    comment,
    ragged,
    // One text is written as ever: the same words are the same spec.
    null: nulls?.length === 1 ? nulls[0] : nulls,
    true: trueWords,
    false: falseWords,
    decimal,
    thousands,
    dates,
    unknownFiles: options.unknownFiles,
  })
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

export const defined = <T extends object>(values: T): Defined<T> =>
  Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Defined<T>
