/** COPY into a table, with the rows that PostgreSQL skips. */
import pg from 'pg'
import { type Column, isTextType } from '../../domain/columns.ts'
import { type CopyForm, NotBinary } from '../../domain/copyForm.ts'
import { quoteIdentifier } from '../../domain/table.ts'
import type { Terms } from '../../domain/values.ts'
import type { Connection } from '../db.ts'
import { noteWritten } from '../undo/written.ts'
import { copyAndAsk } from './copyIn.ts'
import { readNotice, type Skipped } from './notice.ts'

/** Where rows go: `table` as SQL names it, its columns, and the fields' columns in order. */
export interface CopyTarget {
  table: string
  columns: readonly Column[]
  fields: readonly string[]
  /** How COPY reads the bytes. */
  form: CopyForm
  /** The ingest whose rows in its target these are, if it can be taken back. */
  writtenFor?: string | null
}

type TextForm = Exclude<CopyForm, { format: 'binary' }>

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
 * @throws DatabaseError, whose `where` names the line; TooManySkipped; NotBinary
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
    const { rows, answer } = await copyAndAsk(tx, copyStatement(target), chunks())
    if (target.form.format === 'binary' && answer !== 't') throw new NotBinary()
    if (rows > 0 && target.writtenFor) await noteWritten(tx, target.writtenFor)
    return { rows, skipped }
  } finally {
    tx.off('notice', onNotice)
  }
}

/**
 * How dates of numbers alone are read until the end of the transaction. Without an order of the
 * file that is year, month, day: what is written otherwise is refused rather than guessed.
 */
export async function setDateOrder(tx: Connection, { dates }: Terms): Promise<void> {
  // Every session begins with YMD: see db.ts.
  if (dates) await changeDateOrder(tx, { dates })
}

/** The same in a transaction that has set another order before: files may have different ones. */
export const changeDateOrder = async (tx: Connection, { dates = 'YMD' }: Terms): Promise<void> =>
  void (await tx.query(`select set_config('datestyle', $1, true)`, [`ISO, ${dates}`]))

function copyStatement(target: CopyTarget): string {
  const { table, fields, form } = target
  const copy = `copy ${table} (${namesOf(fields)}) from stdin`
  if (form.format === 'binary') return `${copy} (format binary); ${isAsMeant(target, form.types)}`
  const options = [
    ...formOptions(target, form),
    `encoding 'UTF8'`,
    'on_error ignore',
    'log_verbosity verbose',
  ]
  return `${copy} with (${options.join(', ')})`
}

/**
 * Whether the table has had these types, for bytes of another one may be a value as well, and whether
 * texts were taken for UTF-8. COPY keeps the table from being changed before that is asked.
 */
const isAsMeant = ({ table, fields }: CopyTarget, types: readonly string[]): string => `
  select current_setting('client_encoding') = 'UTF8'
     and bool_and(a.atttypid is not distinct from ('pg_catalog.' || field.type)::regtype)
  from unnest(${textsOf(fields)}, ${textsOf(types)}) as field (name, type)
  left join pg_attribute a
    on a.attrelid = ${pg.escapeLiteral(table)}::regclass and a.attname = field.name`

const textsOf = (list: readonly string[]): string =>
  `array[${list.map((each) => pg.escapeLiteral(each)).join(', ')}]::text[]`

const namesOf = (list: readonly string[]): string => list.map(quoteIdentifier).join(', ')

function formOptions({ columns, fields }: CopyTarget, form: TextForm): string[] {
  // What stands for a default is no value: in a value a backslash is doubled.
  if (form.format === 'text') return ['format text', `default '\\D'`]
  const types = new Map(columns.map(({ name, type }) => [name, type]))
  // A quoted empty field is an empty text, but no number or date: there it means NULL.
  const forceNull = fields.filter((name) => !isTextType(types.get(name) ?? 'text'))
  return [
    'format csv',
    `delimiter ${pg.escapeLiteral(form.delimiter)}`,
    `quote ${pg.escapeLiteral(form.quote)}`,
    `escape ${pg.escapeLiteral(form.escape)}`,
    `null ${pg.escapeLiteral(form.null)}`,
    ...(forceNull.length > 0 ? [`force_null (${namesOf(forceNull)})`] : []),
  ]
}
