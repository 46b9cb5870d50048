/** Loading and latency: a table for the terminal, markdown for the README. */
import { noiseMax } from './cpu.ts'
import { megabytes } from './grid.ts'
import type { Latency } from './latency.ts'
import type { Line, LoadResult } from './summary.ts'

/** A machine whose own speed varies by more than this makes noisy figures, too. */
const paceMax = 1.25

const heads = ['', 'seconds', 'min–max', 'rows/s', '× psql', '× limit', 'peak RSS', 'events']

export function table(load: LoadResult): string {
  const cells = [heads, ...load.lines.map(cellsOf)]
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const lines = cells.map((row) => row.map((cell, column) => pad(cell, widths, column)).join('  '))
  return [...lines, '', ...load.lines.flatMap(detailsOf), paceLine(load)].join('\n')
}

const paceLine = ({ paceMs: { min, max } }: LoadResult): string =>
  `pace: a fixed piece of work took ${min.toFixed(0)} to ${max.toFixed(0)} ms before the turns` +
  (max > paceMax * min ? '  NOISY' : '')

const pad = (cell: string, widths: number[], column: number): string =>
  column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)

const cellsOf = (line: Line): string[] => [
  line.label,
  line.secondsMedian.toFixed(2),
  `${line.secondsMin.toFixed(2)}–${line.secondsMax.toFixed(2)}`,
  line.rowsPerSecond.toLocaleString('en'),
  line.timesPsql?.toFixed(2) ?? '',
  line.timesLimit?.toFixed(2) ?? '',
  megabytes(line.peakRssBytes),
  line.historyEvents === null ? '' : String(line.historyEvents),
]

/** Where the time and the processors went. */
function detailsOf({ label, phaseSeconds, cpuSeconds, noise }: Line): string[] {
  const phases = phaseSeconds && listOf(phaseSeconds, 's')
  const cpu = cpuSeconds && listOf(cpuSeconds, 's')
  const noisy = isNoisy(noise) ? '  NOISY' : ''
  return [
    ...(phases ? [`${label}: ${phases}`] : []),
    ...(cpu ? [`${label}: CPU ${cpu}${noisy}`] : []),
  ]
}

const isNoisy = (noise: number | null): boolean => (noise ?? 0) > noiseMax

const listOf = (values: object, unit: string): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${value.toFixed(2)} ${unit}`)
    .join(', ')

export function latencyLines({ ingests, seen, ledger, phasesMs, noise }: Latency): string {
  const spread = ({ minMs, medianMs, p95Ms }: Latency['seen']) =>
    `median ${medianMs.toFixed(0)} ms, min ${minMs.toFixed(0)}, p95 ${p95Ms.toFixed(0)}`
  return [
    `ten rows, POST /v1/ingests to completed (${ingests} ingests)`,
    `  seen by the client  ${spread(seen)}`,
    `  in the ledger       ${spread(ledger)}`,
    `  within              ${listOf(phasesMs, 'ms')}`,
    `  others took         ${(100 * (noise ?? 0)).toFixed(0)} %${isNoisy(noise) ? '  NOISY' : ''}`,
  ].join('\n')
}

export function loadMarkdown(load: LoadResult): string[] {
  const size = `${(load.rows / 1e6).toFixed(1)} M rows × ${load.columns} columns`
  return [
    `${size}, ${Math.round(load.sizeBytes / 1e6)} MB of CSV; medians of ${load.rounds} rounds.`,
    '',
    '| | seconds | rows/s | × `psql \\copy` | × the limit | peak RSS | history events |',
    '|---|---:|---:|---:|---:|---:|---:|',
    ...load.lines.map(markdownLine),
    '',
    ...warnings(load),
  ]
}

export function latencyMarkdown({ seen, noise, ingests }: Latency): string[] {
  const { medianMs, minMs, p95Ms } = seen
  const noisy = isNoisy(noise) ? '; noisy' : ''
  return [
    `A file of ten rows, \`POST /v1/ingests\` to completed: median ${medianMs.toFixed(0)} ms ` +
      `(min ${minMs.toFixed(0)}, p95 ${p95Ms.toFixed(0)}; ${ingests} ingests${noisy}).`,
    '',
  ]
}

function warnings({ lines, paceMs: { min, max } }: LoadResult): string[] {
  const isBusy = lines.some(({ noise }) => isNoisy(noise))
  return [
    ...(isBusy ? ['Noisy: the machine was busy with other work meanwhile.', ''] : []),
    ...(max > paceMax * min
      ? ['Noisy: the speed of the machine itself varied meanwhile.', '']
      : []),
  ]
}

function markdownLine(line: Line): string {
  const [label, seconds, , rate, timesPsql, timesLimit, rss, events] = cellsOf(line)
  const name = label?.replace('psql \\copy', '`psql \\copy`')
  return `| ${[name, seconds, rate, timesPsql, timesLimit, rss, events].join(' | ')} |`
}
