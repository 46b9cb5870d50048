/** What `--widths` may be, by the first lines of a file: a column begins behind blanks that all lines have. */

const linesMax = 100
const columnsMax = 100
const charsMax = 4000

export function guessedWidths(bytes: Buffer): string {
  const lines = bytes
    .toString('utf8', 0, linesMax * charsMax)
    .split(/\r\n|\n|\r/, linesMax)
    .filter((line) => line.trim() !== '')
    .map((line) => [...line].slice(0, charsMax))
  const width = Math.max(0, ...lines.map((line) => line.length))
  const isUsed = (at: number) => lines.some((line) => (line[at] ?? ' ') !== ' ')
  const used = Array.from({ length: width }, (_, at) => isUsed(at))
  const starts = used.flatMap((is, at) => (is && !used[at - 1] ? [at] : [])).slice(0, columnsMax)
  if (starts.length === 0) return '--widths id:6,name:20'
  // What stands in front of the first column is a part of it.
  const ends = [...starts.slice(1), width]
  const textOf = (line: string[] | undefined, at: number) =>
    (line ?? []).slice(starts[at], ends[at]).join('').trim()
  const first = starts.map((_, at) => textOf(lines[0], at))
  const hasNames =
    first.every((name) => /^[a-z_]\w{0,40}$/i.test(name)) &&
    new Set(first).size === first.length &&
    lines.slice(1).some((line) => starts.some((_, at) => /^\d/.test(textOf(line, at))))
  const columns = starts.map((start, at) => {
    const name = hasNames ? first[at] : `c${at + 1}`
    return `${name}:${(ends[at] as number) - (at === 0 ? 0 : start)}`
  })
  return `--widths ${columns.join(',')}${hasNames ? ' --skip-rows 1' : ''}`
}
