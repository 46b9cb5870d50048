/** The error table: every error a user can meet, once. Its rows are in errors/, by subject. */
import { files } from './errors/files.ts'
import { requests } from './errors/requests.ts'
import type { ErrorRow } from './errors/row.ts'
import { servers } from './errors/servers.ts'
import { targets } from './errors/targets.ts'
import { workers } from './errors/workers.ts'

export const errorTable = { ...requests, ...files, ...targets, ...workers, ...servers }

export type ErrorCode = keyof typeof errorTable

type Names<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never
type Params<C extends ErrorCode> = Record<
  Names<(typeof errorTable)[C]['message'] | (typeof errorTable)[C]['hint']>,
  string | number
>

/** An error of the table, with its texts filled in. */
export class SluiceError extends Error {
  override readonly name = 'SluiceError'
  readonly code: ErrorCode
  readonly status: number
  readonly kind: ErrorRow['kind']
  readonly hint: string

  constructor(
    code: ErrorCode,
    params: Record<string, string | number>,
    options: { cause?: unknown } = {},
  ) {
    const row = errorTable[code]
    super(fill(row.message, params), options)
    this.code = code
    this.status = row.status
    this.kind = row.kind
    this.hint = fill(row.hint, params)
  }

  get retryable(): boolean {
    return this.kind === 'transient' || this.kind === 'capacity'
  }
}

/** Makes an error of the table; its parameters are checked by the compiler. */
export const sluiceError = <C extends ErrorCode>(
  code: C,
  params: Params<C>,
  options: { cause?: unknown } = {},
): SluiceError => new SluiceError(code, params, options)

/** The message of anything that was thrown, on one line and of bounded length. */
export function messageOf(error: unknown): string {
  // Both addresses of `localhost` refused: an AggregateError without a message of its own.
  const first = error instanceof AggregateError && !error.message ? error.errors[0] : error
  const text = first instanceof Error ? first.message || first.name : String(first)
  return text.replace(/\s+/g, ' ').trim().slice(0, 2000)
}

const fill = (text: string, params: Record<string, string | number>): string =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? `{${name}}`))
