/** How COPY is told to read bytes, in PostgreSQL's own words. */
export type CopyForm =
  | { format: 'text' }
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
