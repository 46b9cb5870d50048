/** One table told twice: with spaces for the terminal, with bars for the README. */

export interface Telling {
  /** What was measured, in a sentence. */
  title: string
  /** The first row has the heads. */
  cells: string[][]
  /** Columns of words; those of figures are set to the right. */
  words: number[]
  notes: string[]
}

export function textOf({ title, cells, words, notes }: Telling): string {
  const widths = (cells[0] ?? []).map((_, at) => Math.max(...cells.map((row) => lengthAt(row, at))))
  const pad = (text: string, at: number) =>
    words.includes(at) ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0)
  const lines = cells.map((row) => row.map(pad).join('  ').trimEnd())
  return [title, ...lines, ...notes].join('\n')
}

export function markdownOf({ title, cells, words, notes }: Telling): string[] {
  const [heads = [], ...rows] = cells
  return [
    title,
    '',
    `| ${heads.join(' | ')} |`,
    `|${heads.map((_, at) => (words.includes(at) ? '---' : '---:')).join('|')}|`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
    ...notes.flatMap((note) => [note, '']),
  ]
}

const lengthAt = (row: string[], at: number): number => row[at]?.length ?? 0

export const megabytes = (bytes: number | null): string =>
  bytes === null ? '' : `${Math.round(bytes / 1e6).toLocaleString('en')} MB`

export const whole = (value: number): string => Math.round(value).toLocaleString('en')
