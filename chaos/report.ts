/** The matrix as a table of what came of each cell: markdown for people, JSON for machines. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Machine, machineLine } from '../bench/machine.ts'
import type { Played } from './cell.ts'
import { faultNames, faultTitles, nameOf, verbs } from './matrix.ts'

export interface Report {
  playedAt: string
  machine: Machine
  /** Of the whole. */
  seconds: number
  played: readonly Played[]
}

const folder = join(import.meta.dirname, 'results')

export const isGood = ({ problems }: Played): boolean => problems.length === 0

export const lineOf = (played: Played): string => {
  const { cell, outcome, seconds, why } = played
  const took = seconds === null ? '' : `, ${seconds} s`
  const verdict = isGood(played) ? '' : '  WRONG'
  return `${nameOf(cell).padEnd(18)} ${outcome}${took}${why ? `: ${why}` : ''}${verdict}`
}

/** Verbs down, faults across; a fault that makes no sense for a verb is a dash. */
export function table(played: readonly Played[]): string {
  const across = faultNames.filter((fault) => played.some(({ cell }) => cell.fault === fault))
  const down = verbs.filter((verb) => played.some(({ cell }) => cell.verb === verb))
  const row = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [
    row(['', ...across.map((fault) => faultTitles[fault])]),
    row(['---', ...across.map(() => '---')]),
    ...down.map((verb) =>
      row([`**${verb}**`, ...across.map((fault) => cellOf(played, verb, fault))]),
    ),
  ].join('\n')
}

function cellOf(played: readonly Played[], verb: string, fault: string): string {
  const one = played.find(({ cell }) => cell.verb === verb && cell.fault === fault)
  if (!one) return '–'
  if (!isGood(one)) return `**WRONG**: ${one.outcome}`
  const outcome = one.outcome.replace(/: (\w+)$/, ': `$1`')
  return one.seconds === null ? outcome : `${outcome}, ${one.seconds} s`
}

/** @param name `latest` is the whole matrix */
export async function writeReport(name: string, report: Report): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`)
  await writeFile(join(folder, `${name}.md`), markdown(report))
}

const markdown = ({ played, seconds, machine }: Report): string =>
  [
    '<!-- Written by `npm run chaos`; see chaos/README.md. -->',
    '',
    `${played.filter(isGood).length} of ${played.length} cells as expected. The seconds are those from ` +
      'the fault to the end of the ingest.',
    '',
    table(played),
    '',
    ...played.flatMap(({ cell, why }) => (why ? [`${nameOf(cell)}: ${why}.`, ''] : [])),
    `All of it in ${Math.round(seconds)} s on ${machineLine(machine).replace(' · no psql', '')}.`,
    '',
  ].join('\n')
