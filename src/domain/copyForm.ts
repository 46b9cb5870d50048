/** How COPY is told to read bytes, in PostgreSQL's own words. */
export type CopyForm =
  | { format: 'text' }
  | {
      format: 'binary'
      /** Those that the columns of the fields must have, as `pg_catalog` names them. */
      types: readonly string[]
    }
  | {
      format: 'csv'
      delimiter: string
      quote: string
      escape: string
      /** The unquoted text that stands for NULL. */
      null: string
    }

/** What Sluice writes itself: a line for each record, a tab between values, `\N` for NULL. */
export const copyText: CopyForm = { format: 'text' }

/** It is not sure what PostgreSQL would make of a value: it has to read the records itself. */
export class NotBinary extends Error {}
