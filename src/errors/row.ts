/** What the table says of one error. A code is never reused for another meaning. */
import type { Example } from './examples.ts'
import type { ExitCode, Kind } from './kinds.ts'

export interface ErrorRow {
  kind: Kind
  /** `{name}` is filled from the parameters, here and in the hint. */
  message: string
  hint: string
  /** A value for each name in the message and the hint: see examples.ts. Absent where they have none. */
  example?: Example
  /** What to do at the command line, where the hint is for callers of the API. No parameters. */
  shellHint?: string
  /** The HTTP status; absent for errors that never come over HTTP. */
  status?: number
  /** The exit code of a command that ends with it; 1 if absent. */
  exitCode?: ExitCode
}

/** What the API may answer. */
export type HttpRow = ErrorRow & { status: number }

/** What a process tells of itself, or of its own attempts: no answer of the API. */
export type LocalRow = Omit<ErrorRow, 'status'>
