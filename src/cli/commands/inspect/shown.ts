/** What the commands of `sluice inspect` take and give. */

/** An object for machines, and lines for people. */
export interface Shown {
  json: object
  text: string
}

export interface Options {
  all?: boolean
  json?: boolean
  timeout: number
}
