/** What one round of the long form does. Nothing here depends on how earlier rounds went. */
import type { Random } from './random.ts'

export type Mode = 'append' | 'replace' | 'new'

export interface IngestChoice {
  mode: Mode
  files: number
  /** Of each file. */
  rows: number
  bad: number
  broken: number
  hasStep: boolean
  parallelism: number
  /** After the beginning of the round. */
  startsAfterMs: number
}

export interface FaultChoice {
  kind: (typeof kinds)[number]
  /** After the last fault was over, or the beginning of the round. */
  afterMs: number
  /** How long it stands still, is down, cut or locked. */
  forMs: number
  /** Which of the workers, counted round. */
  worker: number
}

export interface Round {
  workers: number
  concurrency: number
  ingests: IngestChoice[]
  faults: FaultChoice[]
}

const kinds = [
  'sigkill',
  'sigterm',
  'sigstop',
  'postgres',
  'temporal',
  'cut',
  'stall',
  'locked',
] as const

export function decide(random: Random): Round {
  return {
    workers: random.between(1, 3),
    concurrency: random.between(1, 4),
    ingests: listOf(random.between(1, 3), () => decideIngest(random)),
    faults: listOf(random.between(1, 3), () => decideFault(random)),
  }
}

function decideIngest(random: Random): IngestChoice {
  const mode = random.oneOf(['append', 'replace', 'new'] as const)
  return {
    mode,
    files: random.between(1, 12),
    rows: random.magnitude(20, 40_000),
    // In a new table the sample would make text of a column with bad values.
    bad: random.between(0, 3) * (mode === 'new' ? 0 : 1),
    broken: random.chance(0.5) ? random.between(1, 3) : 0,
    hasStep: random.chance(0.4),
    parallelism: random.between(1, 32),
    startsAfterMs: random.chance(0.5) ? 0 : random.between(0, 3000),
  }
}

function decideFault(random: Random): FaultChoice {
  const kind = random.oneOf(kinds)
  // Some last longer than a heartbeat may take to come.
  const isLong = random.chance(0.2) && (kind === 'sigstop' || kind === 'stall')
  return {
    kind,
    // The first second has most of an ingest.
    afterMs: random.magnitude(20, 3000),
    forMs: isLong ? random.between(33_000, 40_000) : random.between(50, 5000),
    worker: random.between(0, 2),
  }
}

const listOf = <T>(length: number, make: () => T): T[] => Array.from({ length }, make)

/** On one line, for people. */
export function show({ workers, concurrency, ingests, faults }: Round): string {
  const shownIngests = ingests.map(
    ({ mode, files, rows, hasStep }) => `${mode} ${files}×${rows}${hasStep ? ' step' : ''}`,
  )
  const shownFaults = faults.map(({ kind, forMs }) => `${kind} ${(forMs / 1000).toFixed(1)}`)
  return `${workers}×${concurrency} | ${shownIngests.join(', ')} | ${shownFaults.join(', ')}`
}
