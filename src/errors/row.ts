/** What the table says of one error. A code is never reused for another meaning. */
export interface ErrorRow {
  /** Of HTTP. */
  status: number
  /** User and data errors do not retry, transient and capacity errors do. */
  kind: 'user' | 'data' | 'transient' | 'capacity'
  /** `{name}` is filled from the parameters, here and in the hint. */
  message: string
  hint: string
}
