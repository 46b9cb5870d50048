/** The results: a table for the terminal, JSON for machines, markdown for the README. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Comparison } from './compare.ts'
import { comparisonMarkdown } from './compareReport.ts'
import { noiseMax } from './cpu.ts'
import type { Latency } from './latency.ts'
import { type Machine, machineLine } from './machine.ts'
import type { Line, LoadResult } from './summary.ts'

export interface Results {
  machine: Machine
  load?: LoadResult
  latency?: Latency & { measuredAt: string }
  tasks?: Comparison
}

/** A machine whose own speed varies by more than this makes noisy figures, too. */
const paceMax = 1.25
const folder = join(import.meta.dirname, 'results')

/**
 * Writes `name`.json and `name`.md; what was not measured this time stays as it was.
 * @returns the results as they stand now
 */
export async function writeResults(name: string, results: Results): Promise<Results> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, `${name}.json`)
  const text = await readFile(path, 'utf8').catch(() => '{}')
  const all: Results = { ...(JSON.parse(text) as Results), ...results }
  await writeFile(path, `${JSON.stringify(all, null, 2)}\n`)
  await writeFile(join(folder, `${name}.md`), markdown(all))
  return all
}

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

const megabytes = (bytes: number | null): string =>
  bytes === null ? '' : `${Math.round(bytes / 1e6)} MB`

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

function markdown({ machine, load, latency, tasks }: Results): string {
  const lines = ['<!-- Written by `npm run bench`; see bench/README.md. -->', '']
  if (load) {
    const size = `${(load.rows / 1e6).toFixed(1)} M rows × ${load.columns} columns`
    lines.push(
      `${size}, ${Math.round(load.sizeBytes / 1e6)} MB of CSV; medians of ${load.rounds} rounds.`,
      '',
      '| | seconds | rows/s | × `psql \\copy` | × the limit | peak RSS | history events |',
      '|---|---:|---:|---:|---:|---:|---:|',
      ...load.lines.map(markdownLine),
      '',
    )
    lines.push(...warnings(load))
  }
  if (latency) {
    const { medianMs, minMs, p95Ms } = latency.seen
    const noisy = isNoisy(latency.noise) ? '; noisy' : ''
    lines.push(
      `A file of ten rows, \`POST /v1/ingests\` to completed: median ${medianMs.toFixed(0)} ms ` +
        `(min ${minMs.toFixed(0)}, p95 ${p95Ms.toFixed(0)}; ${latency.ingests} ingests${noisy}).`,
      '',
    )
  }
  if (tasks) lines.push(...comparisonMarkdown(tasks))
  lines.push(`${machineLine(machine)}.`)
  return `${lines.join('\n')}\n`
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
