/** The table of both sides: the same lines for the terminal and for the README. */
import type { Comparison, SideFigures } from './compare.ts'
import { type CpuUse, noiseMax } from './cpu.ts'

interface Row {
  label: string
  unit: 'ms' | '/s'
  sluice: number | null
  celery: number | null
}

const heads = ['', 'Sluice', 'Celery', '× Celery']

export function comparisonLines(comparison: Comparison): string {
  const cells = [heads, ...rowsOf(comparison).map(cellsOf)]
  const widths = heads.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)))
  const pad = (text: string, at: number) =>
    at === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[at] ?? 0)
  const { sluice } = comparison.sides
  const phases = Object.entries(sluice?.latency?.phasesMs ?? {}).map(
    ([phase, ms]) => `${phase} ${ms.toFixed(0)} ms`,
  )
  return [
    ...cells.map((row) => row.map(pad).join('  ')),
    ...(phases.length > 0 ? ['', `Sluice, one file and one step: ${phases.join(', ')}`] : []),
    ...Object.entries(comparison.sides).flatMap(([name, side]) => [
      ...cpuLines(name, side, comparison.burst.count),
      noiseLine(name, side),
    ]),
  ].join('\n')
}

export function comparisonMarkdown(comparison: Comparison): string[] {
  const { concurrency, oneByOne, burst, pauses, rounds, sides } = comparison
  const versions = Object.entries(sides.celery?.versions ?? {})
  const which = versions.map(([name, version]) => `${capital(name)} ${version}`).join(', ')
  const isNoisy = Object.values(sides).some(({ noise }) => (noise ?? 0) > noiseMax)
  return [
    `Small tasks, ${concurrency} at once in each worker; ${oneByOne} one after the other, ` +
      `${burst.count.toLocaleString('en')} at once (medians of ${rounds} rounds), ` +
      `${pauses.count} that wait ${pauses.pauseMs} ms.` +
      (which && ` Beside ${which}.`),
    '',
    '| | Sluice | Celery + Redis | × Celery |',
    '|---|---:|---:|---:|',
    ...rowsOf(comparison).map((row) => `| ${cellsOf(row).join(' | ')} |`),
    '',
    ...(isNoisy ? ['Noisy: the machine was busy with other work meanwhile.', ''] : []),
  ]
}

/** Above 1 Sluice is faster, whatever the unit. */
function cellsOf({ label, unit, sluice, celery }: Row): string[] {
  const shown = (value: number | null) =>
    value === null ? '' : `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`
  const [more, less] = unit === 'ms' ? [celery, sluice] : [sluice, celery]
  const ratio = more !== null && less !== null ? more / less : null
  return [label, shown(sluice), shown(celery), ratio?.toFixed(2) ?? '']
}

type Value = number | null | undefined

function rowsOf({ sides, concurrency, burst, pauses }: Comparison): Row[] {
  const row = (label: string, unit: Row['unit'], read: (side: SideFigures) => Value): Row => ({
    label,
    unit,
    sluice: (sides.sluice && read(sides.sluice)) ?? null,
    celery: (sides.celery && read(sides.celery)) ?? null,
  })
  const counts = Object.values(sides).flatMap(({ replicas }) => replicas ?? [])
  const replicas = [...new Set(counts.map((each) => each.replicas))]
  const many = burst.count.toLocaleString('en')
  return [
    row('an empty task, submit to done: median', 'ms', (it) => it.latency?.done.medianMs),
    row('the same, p95', 'ms', (it) => it.latency?.done.p95Ms),
    row('the task alone, handed out to done: median', 'ms', (it) => it.latency?.step?.medianMs),
    row('the same, p95', 'ms', (it) => it.latency?.step?.p95Ms),
    row(`${many} empty tasks, submit to done`, '/s', ({ rate }) => rate?.tasksPerSecond),
    row('the same, first start to last end', '/s', ({ rate }) => rate?.innerPerSecond),
    ...replicas.flatMap((count) => {
      const find = (it: SideFigures) => it.replicas?.find((each) => each.replicas === count)
      const limit = (count * concurrency * 1000) / pauses.pauseMs
      const label = `${pauses.pauseMs} ms tasks, ${count} × ${concurrency} (at most ${limit}/s)`
      return [
        row(label, '/s', (it) => find(it)?.tasksPerSecond),
        row('the same, first start to last end', '/s', (it) => find(it)?.innerPerSecond),
      ]
    }),
  ].filter(({ sluice, celery }) => sluice !== null || celery !== null)
}

const capital = (name: string): string => `${name[0]?.toUpperCase()}${name.slice(1)}`

/** For tasks one by one, and for the last burst of empty tasks. */
function cpuLines(name: string, { latency, rate }: SideFigures, count: number): string[] {
  const line = (tasks: string, cpu: CpuUse | null | undefined) => {
    const parts = Object.entries(cpu ?? {}).map(([part, spent]) => `${part} ${spent.toFixed(2)} s`)
    return cpu ? [`${capital(name)}, ${tasks}: CPU ${parts.join(', ')}`] : []
  }
  return [
    ...line(`${latency?.tasks} empty tasks one by one`, latency?.cpu),
    ...line(`${count.toLocaleString('en')} empty tasks`, rate?.bursts.at(-1)?.cpu),
  ]
}

function noiseLine(name: string, { noise }: { noise: number | null }): string {
  const noisy = (noise ?? 0) > noiseMax ? '  NOISY' : ''
  return `${capital(name)}: others took at most ${(100 * (noise ?? 0)).toFixed(0)} %${noisy}`
}
