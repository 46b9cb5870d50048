/** The error table: every error a user can meet, once. Its rows are in errors/, by subject. */
import { attempts } from './errors/attempts.ts'
import { cleanText } from './errors/clean.ts'
import { commandLine } from './errors/commandLine.ts'
import { embedded } from './errors/embedded.ts'
import { files } from './errors/files.ts'
import { fill, type Params } from './errors/fill.ts'
import { formats } from './errors/formats.ts'
import { type ExitCode, type Kind, kinds } from './errors/kinds.ts'
import { modeErrors } from './errors/modes.ts'
import { remote } from './errors/remote.ts'
import { requests } from './errors/requests.ts'
import type { ErrorRow } from './errors/row.ts'
import { servers } from './errors/servers.ts'
import { severalTargets } from './errors/severalTargets.ts'
import { sourceDatabases } from './errors/sourceDatabases.ts'
import { targets } from './errors/targets.ts'
import { undo } from './errors/undo.ts'
import { workers } from './errors/workers.ts'

export const errorTable = {
  ...requests,
  ...files,
  ...formats,
  ...remote,
  ...targets,
  ...severalTargets,
  ...modeErrors,
  ...undo,
  ...workers,
  ...attempts,
  ...servers,
  ...sourceDatabases,
  ...commandLine,
  ...embedded,
}

export type ErrorCode = keyof typeof errorTable

type Texts<C extends ErrorCode> = (typeof errorTable)[C]['message' | 'hint']

/** An error as people are told of it. */
export interface Told {
  code: string
  message: string
  hint: string
}

/** An error of the table, with its texts filled in. */
export class SluiceError extends Error {
  override readonly name = 'SluiceError'
  readonly code: string
  readonly hint: string
  /** null: it never comes over HTTP. */
  readonly status: number | null
  readonly kind: Kind
  readonly exitCode: ExitCode

  /** @param told may come from an API that is newer than this table */
  constructor({ code, message, hint }: Told, options: { cause?: unknown } = {}) {
    super(cleanText(message), options)
    const row: ErrorRow = errorTable[code as ErrorCode] ?? errorTable.unexpected
    this.code = code
    this.hint = cleanText(hint)
    this.status = row.status ?? null
    this.kind = row.kind
    this.exitCode = row.exitCode ?? 1
  }

  get retryable(): boolean {
    return kinds[this.kind].retryable
  }
}

/** What to do about it, for a user at the command line. */
export const shellHintOf = ({ code, hint }: { code: string; hint: string | null }): string | null =>
  (errorTable[code as ErrorCode] as ErrorRow | undefined)?.shellHint ?? hint

/** Makes an error of the table; its parameters are checked by the compiler. */
export function sluiceError<C extends ErrorCode>(
  code: C,
  params: Params<Texts<C>>,
  options: { cause?: unknown } = {},
): SluiceError {
  const { message, hint } = errorTable[code]
  return new SluiceError(
    { code, message: fill(message, params), hint: fill(hint, params) },
    options,
  )
}

/** The message of anything that was thrown: on one line, of bounded length, and clean. */
export function messageOf(error: unknown): string {
  // Both addresses of `localhost` refused: an AggregateError without a message of its own.
  const first = error instanceof AggregateError && !error.message ? error.errors[0] : error
  const text = first instanceof Error ? first.message || first.name : String(first)
  return cleanText(text.replace(/\s+/g, ' ').trim().slice(0, 2000))
}
