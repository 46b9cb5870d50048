/** What every kind of connection can do. One file a kind; the table of them is in index.ts. */
import type { TSchema } from 'typebox'
import type { Transport } from '../http/transport.ts'
import type { Variable } from './secrets.ts'

/** One kind of connection: what an operator can say of it, and how it is checked. */
export interface ConnectionKind<Options> {
  /** Its options, `kind` among them. A text in it may be a secret. */
  options: TSchema
  /** Checks what the schema cannot say. @returns what is wrong, without a secret; null for nothing */
  problemOf?(options: Options): string | null
  /** Where it leads, without a secret. */
  shown(options: Options): string
  /** Uses it once. @returns what came of it, as a sentence @throws what is wrong */
  test(options: Options, deps: TestDeps): Promise<string>
}

export interface TestDeps {
  name: string
  transport: Transport
  /** Reads a variable of this process. */
  variable: Variable
  signal: AbortSignal
}
