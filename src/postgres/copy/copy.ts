/** COPY into a table, with the rows that PostgreSQL skips. */
import pg from 'pg'
import { type Column, isTextType } from '../../domain/columns.ts'
import { quoteIdentifier } from '../../domain/table.ts'
import type { Terms } from '../../domain/values.ts'
import type { Dialect } from '../../domain/words.ts'
import type { Connection } from '../db.ts'
import { copyIn } from './copyIn.ts'
import { readNotice, type Skipped } from './notice.ts'

/** Where rows go: `table` as SQL names it, its columns, and the fields' columns in order. */
export interface CopyTarget {
  table: string
  columns: readonly Column[]
  fields: readonly string[]
  /** How the bytes are written as CSV; null for COPY text, as csv/rewrite.ts writes it. */
  dialect: Dialect | null
}

export interface Copied {
  rows: number
  skipped: Skipped[]
}

/** Rows are looked at one by one rather than remembered: they would fill the memory. */
export class TooManySkipped extends Error {}

/**
 * Streams bytes into the table. Rows with a value that does not fit its type are skipped and
 * told of; any other fault makes PostgreSQL abort the statement.
 * @param skippedMax about so many; it is noticed a chunk later
 * @throws DatabaseError, whose `where` names the line; TooManySkipped
 */
export async function copyRows(
  tx: Connection,
  target: CopyTarget,
  bytes: Iterable<Buffer> | AsyncIterable<Buffer>,
  skippedMax = Number.POSITIVE_INFINITY,
): Promise<Copied> {
  const types = new Map(target.columns.map(({ name, type }) => [name, type]))
  const skipped: Skipped[] = []
  const onNotice = (notice: { message?: string | undefined }) => {
    const found = readNotice(notice.message ?? '', types)
    if (found) skipped.push(found)
  }
  const chunks = async function* () {
    for await (const chunk of bytes) {
      if (skipped.length > skippedMax) throw new TooManySkipped()
      yield chunk
    }
  }
  tx.on('notice', onNotice)
  try {
    return { rows: await copyIn(tx, copyStatement(target), chunks()), skipped }
  } finally {
    tx.off('notice', onNotice)
  }
}

/**
 * How dates of numbers alone are read until the end of the transaction. Without an order of the
 * dialect that is year, month, day: what is written otherwise is refused rather than guessed.
 */
export async function setDateOrder(tx: Connection, { dates }: Terms): Promise<void> {
  // Every session begins with YMD: see db.ts.
  if (dates) await changeDateOrder(tx, { dates })
}

/** The same in a transaction that has set another order before: files may have different ones. */
export const changeDateOrder = async (tx: Connection, { dates = 'YMD' }: Terms): Promise<void> =>
  void (await tx.query(`select set_config('datestyle', $1, true)`, [`ISO, ${dates}`]))

/** Where nothing is quoted, COPY still wants a quote: one that the bytes do not have. */
export const unusedQuote = ({ delimiter }: Dialect): string =>
  delimiter === '\x01' ? '\x02' : '\x01'

function copyStatement(target: CopyTarget): string {
  const { table, fields, dialect } = target
  const form = dialect ? csvOptions(target, dialect) : ['format text']
  const options = [...form, `encoding 'UTF8'`, 'on_error ignore', 'log_verbosity verbose']
  return `copy ${table} (${namesOf(fields)}) from stdin with (${options.join(', ')})`
}

const namesOf = (list: readonly string[]): string => list.map(quoteIdentifier).join(', ')

function csvOptions({ columns, fields }: CopyTarget, dialect: Dialect): string[] {
  const types = new Map(columns.map(({ name, type }) => [name, type]))
  // A quoted empty field is an empty text, but no number or date: there it means NULL.
  const forceNull = fields.filter((name) => !isTextType(types.get(name) ?? 'text'))
  const quote = dialect.quote || unusedQuote(dialect)
  return [
    'format csv',
    `delimiter ${pg.escapeLiteral(dialect.delimiter)}`,
    `quote ${pg.escapeLiteral(quote)}`,
    `escape ${pg.escapeLiteral(dialect.quote ? dialect.escape : quote)}`,
    `null ${pg.escapeLiteral(dialect.nullText)}`,
    ...(forceNull.length > 0 ? [`force_null (${namesOf(forceNull)})`] : []),
  ]
}
