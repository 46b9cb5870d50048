/** Records as COPY text: a line each, a tab between values, a backslash before what has a meaning. */

const meanings: Record<string, string> = { t: '\t', n: '\n', r: '\r', '\\': '\\' }

/** The values of a record as it was written, without its newline. */
export const writtenValues = (record: Buffer): (string | null)[] =>
  record
    .toString('utf8')
    .split('\t')
    .map((text) =>
      text === '\\N' ? null : text.replace(/\\(.)/g, (_, letter) => meanings[letter] ?? letter),
    )

const letters: Record<string, string> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\\': '\\\\' }

/** A text as a value. */
export const escaped = (text: string): string =>
  text.replace(/[\t\n\r\\]/g, (char) => letters[char] as string)

/** The record of these values, with its newline. */
export const writtenLine = (values: readonly (string | null)[]): string =>
  `${values.map((value) => (value === null ? '\\N' : escaped(value))).join('\t')}\n`
