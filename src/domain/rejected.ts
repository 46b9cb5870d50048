/** What is looked at to see where rejects come from. */

export interface Rejected {
  code: string
  column: string | null
  error: string
  /** The start of the row. */
  raw: string
  /** The physical line that it begins on. */
  line: number
  /** Its fields, as its file is read. */
  values: readonly (string | null)[]
  /** The names that its file has; null without a header. */
  header: readonly string[] | null
  /** It is the first record of its file. */
  isFirst: boolean
  /** How many records there are from it to the end of its file, if all of them are rejects. */
  fromEnd: number | null
}

/**
 * The options that the spec has, by name: what is said already is not advised again. Those that the
 * format does not have are null.
 */
export type Given = Readonly<Record<string, unknown>>
