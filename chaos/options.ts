/** What the command line of chaos asks for. */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { type Cell, faultNames, matrix, selectCells, shortMatrix, verbs } from './matrix.ts'

export type ChaosOptions =
  | { form: 'matrix'; cells: readonly Cell[]; isWhole: boolean }
  | { form: 'storm'; minutes: number; seed: number }

export const usage = `npm run chaos -- [--only NAMES | --short | --minutes N [--seed S]]

  without options  the whole matrix: every verb of an ingest x every fault
  --only NAMES     some cells, with commas: load/sigkill,publish/postgres; a verb or a fault
                   by itself stands for all of its cells
  --short          the cells that no other test shows, in about a minute
  --minutes N      random ingests under random faults, for so many minutes
  --seed S         makes the decisions of an earlier --minutes again, in the same order

  verbs            ${verbs.join(', ')}
  faults           ${faultNames.join(', ')}`

/** @returns null when the usage was asked for */
export function readOptions(args: string[]): ChaosOptions | null {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', multiple: true },
      short: { type: 'boolean', default: false },
      minutes: { type: 'string' },
      seed: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { only, short, minutes, seed, help } = values
  if (help) return null
  if ([only, short || undefined, minutes].filter((one) => one !== undefined).length > 1) {
    throw new Error('--only, --short and --minutes exclude each other.')
  }
  if (minutes !== undefined) {
    const least = { least: 0.1, whole: false }
    return {
      form: 'storm',
      minutes: number('--minutes', minutes, least),
      seed: seed === undefined ? randomInt(2 ** 32) : number('--seed', seed),
    }
  }
  if (seed !== undefined) throw new Error('--seed goes with --minutes.')
  if (only) {
    const names = only.join(',').split(',').filter(Boolean)
    return { form: 'matrix', cells: selectCells(names), isWhole: false }
  }
  if (short) return { form: 'matrix', cells: shortMatrix(), isWhole: false }
  return { form: 'matrix', cells: matrix, isWhole: true }
}

function number(flag: string, text: string, { least = 0, whole = true } = {}): number {
  const value = Number(text)
  const isOne = Number.isFinite(value) && value >= least && value < 2 ** 32
  if (text !== '' && isOne && (!whole || Number.isInteger(value))) return value
  throw new Error(`${flag} is ${text}: give a ${whole ? 'whole ' : ''}number from ${least} on.`)
}
