/** What takes turns, and what a turn yields. */
import type { Rows } from './data.ts'
import type { BenchOptions, ContenderName } from './options.ts'
import type { Told } from './phases.ts'
import type { Stack } from './stack.ts'

export interface Contender {
  name: ContenderName
  /** What the table of results calls it. */
  label: string
  /** All that is not counted before its turn, such as making the table. */
  prepare(table: string): Promise<Turn>
}

export interface Turn {
  /** A process to count apart. */
  workerPid: number | null
  /** What is counted: from a table without rows, or none, to all rows committed. */
  load(): Promise<void>
  /** Facts that are there only afterwards; and the end of what `prepare` began. */
  after(): Promise<Facts>
}

export interface Facts {
  peakRssBytes: number | null
  told: Told | null
}

/** What every contender is made over. */
export interface Arena {
  stack: Stack
  rows: Rows
  options: BenchOptions
}
