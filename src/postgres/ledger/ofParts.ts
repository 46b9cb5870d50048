/** What is told of an ingest together with the ingests of its targets, as SQL over `sluice.ingests i`. */

/** $1 is the id. */
export const withParts = '(i.ingest_id = $1 or i.part_of = $1)'

/** A text behind the table that it is about, unless that is of the ingest itself. */
export const withTable = (column: string): string =>
  `case when i.ingest_id = $1 then ${column} else i.target || ': ' || ${column} end`
