/**
 * `npm run bench -- chart`: draws docs/growth.svg from the figures of results/latest.json.
 *
 * Its background is clear, and its colours are of a middle brightness: they can be read on a light
 * page and on a dark one.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { init } from 'echarts'
import { noiseMax } from '../cpu.ts'
import type { Machine } from '../machine.ts'
import type { Grown, GrowthPart } from './measure.ts'

const [width, height] = [840, 360]
const ink = '#757e89'
const faint = { color: ink, opacity: 0.3 }
const font = 'system-ui, sans-serif'
const sides = [
  { left: 70, color: '#2f81f7', name: 'one worker: activities at once' },
  { left: 490, color: '#d4790e', name: 'two activities at once: workers' },
] as const
const panelWidth = 310

export const chartFile = join(import.meta.dirname, '../../docs/growth.svg')

export async function drawGrowth(part: GrowthPart, machine: Machine, file: string): Promise<void> {
  await writeFile(file, growthSvg(part, machine))
}

function growthSvg(part: GrowthPart, machine: Machine): string {
  const panels = [
    part.byConcurrency.map((each) => [String(each.concurrency), each] as const),
    part.byWorkers.map((each) => [String(each.workers), each] as const),
  ]
  const all = [...part.byConcurrency, ...part.byWorkers]
  const most = Math.max(...all.map(({ rowsPerSecond }) => rowsPerSecond))
  const isNoisy = (part.noise ?? 0) > noiseMax
  const top = Math.ceil((most * 1.1) / 100_000) * 100_000
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: font, color: ink },
    title: {
      text: `Rows a second, on ${part.cores} cores`,
      subtext:
        `${(part.rows / 1e6).toFixed(1)} M rows into a new table. PostgreSQL, Temporal and all ` +
        `workers share the ${part.cores} cores: growth ends there.\n` +
        `${machine.cpu}, PostgreSQL ${machine.postgres}, Node ${machine.node}; ` +
        `${part.measuredAt.slice(0, 10)}, medians of ${part.rounds} rounds${isNoisy ? '; NOISY' : ''}`,
      left: 12,
      textStyle: { color: ink, fontSize: 16 },
      subtextStyle: { color: ink, fontSize: 12, lineHeight: 17 },
    },
    grid: sides.map(({ left }) => ({ left, top: 110, width: panelWidth, bottom: 50 })),
    xAxis: sides.map(({ name }, at) => ({
      gridIndex: at,
      type: 'category',
      data: panels[at]?.map(([label]) => label) ?? [],
      name,
      nameLocation: 'middle',
      nameGap: 28,
      nameTextStyle: { color: ink, fontSize: 13 },
      axisLabel: { color: ink, fontSize: 13 },
      axisLine: { lineStyle: { color: ink } },
      axisTick: { show: false },
    })),
    yAxis: sides.map((_, at) => ({
      gridIndex: at,
      type: 'value',
      max: top,
      axisLabel: { color: ink, formatter: (value: number) => `${value / 1000} k` },
      splitLine: { lineStyle: faint },
    })),
    series: sides.map(({ color }, at) => ({
      type: 'bar',
      xAxisIndex: at,
      yAxisIndex: at,
      barWidth: 56,
      itemStyle: { color },
      label: { show: true, position: 'top', color: ink, fontSize: 12, lineHeight: 15 },
      data: panels[at]?.map(([, each]) => barOf(each, part)) ?? [],
    })),
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  // For those who cannot see it, and for the mouse that rests on it.
  const told = all.map(
    ({ workers, concurrency, rowsPerSecond }) => `${workers} × ${concurrency}: ${rowsPerSecond}`,
  )
  const title = `Rows a second by workers × activities at once: ${told.join(', ')}`
  return `${svg.replace('>', ` role="img"><title>${title}</title>`)}\n`
}

function barOf({ rowsPerSecond }: Grown, { byConcurrency }: GrowthPart) {
  const one = byConcurrency[0]?.rowsPerSecond ?? rowsPerSecond
  const times = (rowsPerSecond / one).toFixed(2)
  const formatter = `${Math.round(rowsPerSecond / 1000)} k\n× ${times}`
  return { value: rowsPerSecond, label: { formatter } }
}
