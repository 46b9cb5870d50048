/**
 * The results on the disk: `latest.json` has the last full figures of every part, and `latest.md`
 * is written from it. A part that was measured at another time, or on another machine, says so.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Comparison } from './compare.ts'
import { comparisonMarkdown } from './compareReport.ts'
import { markdownOf } from './grid.ts'
import type { Latency } from './latency.ts'
import { type Machine, machineLine } from './machine.ts'
import { measures, type Parts } from './measures.ts'
import { type MeasureName, measureNames } from './options.ts'
import { latencyMarkdown, loadMarkdown } from './report.ts'
import type { LoadResult } from './summary.ts'

interface OwnParts {
  load: LoadResult
  latency: Latency & { measuredAt: string }
  tasks: Comparison
}

export type Measured = Partial<OwnParts & Parts>
type PartName = keyof Measured

export interface Results extends Measured {
  /** What the last of the parts was measured on. */
  machine: Machine
  /** What a part was measured on, where that was another one. */
  elsewhere?: Partial<Record<PartName, Machine>>
}

const partNames: readonly PartName[] = ['load', 'latency', 'tasks', ...measureNames]
export const resultsFolder = join(import.meta.dirname, 'results')
const pathOf = (name: string, ending: string) => join(resultsFolder, `${name}.${ending}`)

export async function readResults(name: string): Promise<Results | null> {
  const text = await readFile(pathOf(name, 'json'), 'utf8').catch(() => null)
  return text === null ? null : (JSON.parse(text) as Results)
}

/** Every part of `measured` replaces its own; what was not measured this time stays as it was. */
export async function keepResults(machine: Machine, measured: Measured): Promise<void> {
  const before = await readResults('latest')
  const elsewhere = { ...before?.elsewhere }
  for (const part of partNames) {
    if (measured[part]) delete elsewhere[part]
    else if (before?.[part] && machineLine(before.machine) !== machineLine(machine)) {
      elsewhere[part] ??= before.machine
    }
  }
  await write('latest', { ...before, ...measured, machine, elsewhere })
}

/** Figures of a smaller go: nothing of an earlier one stays beside them. */
export async function tryResults(machine: Machine, measured: Measured): Promise<void> {
  await rm(pathOf('trial', 'json'), { force: true })
  await write('trial', { machine, ...measured })
}

async function write(name: string, results: Results): Promise<void> {
  await mkdir(resultsFolder, { recursive: true })
  const { elsewhere, ...others } = results
  const isAlone = Object.keys(elsewhere ?? {}).length === 0
  const kept = isAlone ? others : results
  await writeWhole(pathOf(name, 'json'), `${JSON.stringify(kept, null, 2)}\n`)
  await writeWhole(pathOf(name, 'md'), markdown(results))
}

/** A Ctrl-C leaves the old file or the new one. */
async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
}

const dayOf = (measuredAt: string): string => measuredAt.slice(0, 10)

function markdown(results: Results): string {
  const { machine, elsewhere = {} } = results
  const times = partNames.map((part) => results[part]?.measuredAt ?? '')
  const lastDay = dayOf(times.reduce((last, time) => (time > last ? time : last)))
  const lines = ['<!-- Written by `npm run bench`; see bench/README.md. -->', '']
  for (const part of partNames) {
    const own = partMarkdown(results, part)
    if (own.length === 0) continue
    lines.push(...own)
    const day = dayOf(results[part]?.measuredAt ?? '')
    const other = elsewhere[part]
    if (other) lines.push(`Measured on ${day}, on ${machineLine(other)}.`, '')
    else if (day !== lastDay) lines.push(`Measured on ${day}.`, '')
  }
  lines.push(`${machineLine(machine)}. Measured on ${lastDay}.`)
  return `${lines.join('\n')}\n`
}

function partMarkdown({ load, latency, tasks, ...others }: Results, part: PartName): string[] {
  if (part === 'load') return load ? loadMarkdown(load) : []
  if (part === 'latency') return latency ? latencyMarkdown(latency) : []
  if (part === 'tasks') return tasks ? comparisonMarkdown(tasks) : []
  return ownMarkdown(part, others)
}

function ownMarkdown<Name extends MeasureName>(name: Name, parts: Partial<Parts>): string[] {
  const part = parts[name]
  return part ? markdownOf(measures[name].tell(part)) : []
}
