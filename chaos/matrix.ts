/** The matrix: which fault hits which verb, and what must come of it. */
import type { ErrorCode } from '../src/errors.ts'
import type { Place, Verb } from './verbs.ts'

export const faultNames = [
  'sigkill',
  'sigstop',
  'postgres',
  'temporal',
  'cut',
  'commit',
  'stall',
  'full',
  'locked',
  'dropped',
] as const
export type FaultName = (typeof faultNames)[number]

/** What is done, for the head of a column. */
export const faultTitles: Record<FaultName, string> = {
  sigkill: 'worker killed',
  sigstop: 'worker frozen, wakes up late',
  postgres: 'PostgreSQL killed',
  temporal: 'Temporal killed',
  cut: 'connection cut',
  commit: 'connection cut at COMMIT',
  stall: 'connection stalled',
  full: 'disk of the stage full',
  locked: 'target locked',
  dropped: 'target dropped',
}

const large = ['list', 'stage', 'step', 'plan', 'load', 'publish', 'sweep'] as const
/** The verbs of a small ingest, which are one activity and at first one transaction. */
const small = ['small-list', 'small-stage', 'small-plan', 'small-load', 'small-publish'] as const
export const verbs = [...large, ...small] as const

export type Expected =
  /** `rows` are in the target: all good ones, once. */
  | { state: 'completed' }
  /** The error of the table that it must end with; nothing is in the target. */
  | { state: 'failed'; code: ErrorCode }

export interface Cell {
  verb: Verb
  fault: FaultName
  place: Place
  expected: Expected
}

const completed: Expected = { state: 'completed' }

/** Whatever happens to workers, servers and lines to them costs time, and nothing else. */
const anyVerb = ['sigkill', 'sigstop', 'postgres', 'temporal', 'cut', 'commit', 'stall'] as const

const anyCell = (verb: Verb, fault: (typeof anyVerb)[number]): Cell => ({
  ...{ verb, fault, expected: completed },
  place: fault === 'commit' ? 'commit' : 'work',
})

export const matrix: readonly Cell[] = [
  ...large.flatMap((verb) => anyVerb.map((fault) => anyCell(verb, fault))),
  ...small.map((verb) => anyCell(verb, 'sigkill')),
  // All of it is done, and not committed: the others hit it there.
  ...anyVerb.slice(1).map((fault) => anyCell('small-publish', fault)),
  // The two that write to the stage wait for room.
  { verb: 'stage', fault: 'full', place: 'work', expected: completed },
  { verb: 'step', fault: 'full', place: 'work', expected: completed },
  // Publish waits for the lock.
  { verb: 'plan', fault: 'locked', place: 'work', expected: completed },
  { verb: 'load', fault: 'locked', place: 'work', expected: completed },
  { verb: 'publish', fault: 'locked', place: 'target', expected: completed },
  // It is as if the table had never been there: the landing table takes its name.
  { verb: 'plan', fault: 'dropped', place: 'work', expected: completed },
  { verb: 'load', fault: 'dropped', place: 'work', expected: completed },
  { verb: 'publish', fault: 'dropped', place: 'target', expected: completed },
]

/** What no test in test/ingest shows, in about a minute. */
const short: readonly string[] = [
  'load/cut',
  'load/commit',
  'publish/commit',
  'load/stall',
  'publish/cut',
  'publish/stall',
  'stage/full',
  'step/full',
  'publish/locked',
  'load/dropped',
  'publish/dropped',
]

export const nameOf = ({ verb, fault }: Pick<Cell, 'verb' | 'fault'>): string => `${verb}/${fault}`

export const shortMatrix = (): Cell[] => matrix.filter((cell) => short.includes(nameOf(cell)))

/** @throws when there is no such cell */
export function selectCells(names: readonly string[]): Cell[] {
  const isMeant = (cell: Cell, name: string) =>
    name === nameOf(cell) || name === cell.verb || name === cell.fault
  for (const name of names) {
    if (matrix.some((cell) => isMeant(cell, name))) continue
    throw new Error(
      `There is no cell ${name}. A cell is VERB/FAULT; a VERB or a FAULT stands for all of its ` +
        `cells. Verbs: ${verbs.join(', ')}. Faults: ${faultNames.join(', ')}.`,
    )
  }
  return matrix.filter((cell) => names.some((name) => isMeant(cell, name)))
}
