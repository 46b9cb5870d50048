/** What came of a check, as the ledger keeps it. The spec says what a check is: see spec/expect.ts. */
export interface CheckResult {
  /** The check as the command line writes it. */
  name: string
  /** `fail`: nothing is published unless it passes. */
  severity: 'fail' | 'warn'
  passed: boolean
  /** How many rows do not meet it; null when it is not about single rows, or could not be run. */
  rowsFailed: number | null
  /** What was found, and the first places; null when it passed. */
  message: string | null
}
